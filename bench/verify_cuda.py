"""Checks for whoever has a CUDA device: eight minutes at most, and a table at the end.

    python -m bench.verify_cuda [--device cuda] [--minutes 8] [--seeds 2000] [--bundles FOLDER]
                                [--precision auto] [--json FILE]

Pictures are compared byte for byte at every fill of a batch and for many seeds; bundles are loaded
while others serve; the engine is timed beside eager PyTorch, a training step beside that of
pro-gan-pth, where that is installed; two runs are compared, with one process and, where there are
two devices, with two. What the time does not allow is left out, and the table says so. Exits with 1
if a check failed. With `--device cpu` the same checks run on the processor; `--tiny` makes each as
short as possible.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from bench.device_checks.exactness import fills, seeds
from bench.device_checks.finding import Budget, Finding
from bench.device_checks.reload import RELOADS, reload_under_load
from bench.device_checks.runs import two_runs
from bench.device_checks.speed import engine_beside_eager, training_step
from bench.rivals.networks import WIDTHS
from bench.training import FOLDER
from models.families.progan.config import ProganConfig
from service.batching.engine import BundleRefused, DeviceLost
from service.engine.device import DeviceError, libraries_of, processor_of
from service.engine.torch_models import TorchModels, open_models
from service.engine_setup import available_cores
from service.registry.watcher import bundle_folders

MAX_BATCH = 8
TINY = ProganConfig(16, 3, 16, 64, 16)
Check = Callable[[argparse.Namespace, Budget], list[Finding]]


def opened(options: argparse.Namespace) -> TorchModels:
    """Open the device as the service does."""
    return open_models(
        device=options.device,
        threads=options.threads,
        max_batch=MAX_BATCH,
        max_work_s=1.0,
        precision=options.precision,
    )


def pictures(options: argparse.Namespace, budget: Budget) -> list[Finding]:
    """Check exactness and speed of each bundle."""
    models, found = opened(options), list[Finding]()
    for folder in bundle_folders(options.bundles):
        began = time.monotonic()
        model = models.load(folder, lambda _recipes, _seconds: None)
        models.activate(model)
        mode = model.served.mode
        told = f"{time.monotonic() - began:.1f} s, {mode.golden_equal} of {mode.golden_tried} "
        told += f"golden seeds equal, {mode.precision}, {'exact' if mode.exact else 'one by one'}"
        found.append(Finding(f"{model.served.card.name}: load and self-test", told, mode.exact))
        found.append(fills(models, model, budget.share(0.2)))
        found.append(seeds(models, model, options.seeds, budget.share(0.4)))
        rounds = 2 if options.tiny else 20
        found.append(engine_beside_eager(models, model, folder, rounds, budget.share(0.2)))
    return found


def reloads(options: argparse.Namespace, budget: Budget) -> list[Finding]:
    """Check reloads under load."""
    folders, count = bundle_folders(options.bundles), 1 if options.tiny else RELOADS
    return reload_under_load(opened(options), folders, count, budget)


def steps(options: argparse.Namespace, _budget: Budget) -> list[Finding]:
    """Measure a training step."""
    device = opened(options).target.device
    if options.tiny:
        return [training_step(device, options.peer, 4, 1, 1, TINY)]
    return [training_step(device, options.peer, 16, 6, 20, WIDTHS)]


def runs(options: argparse.Namespace, budget: Budget) -> list[Finding]:
    """Compare two runs, with one process and with two."""
    device, images = options.device or "cuda", 32 if options.tiny else 4_000
    found = [two_runs(device, images, budget)]
    if device.startswith("cuda") and torch.cuda.device_count() > 1:
        return [*found, two_runs("cuda", images, budget, processes=2)]
    return [*found, Finding("two runs of 2 processes", "left out: there are no two devices here")]


CHECKS: dict[str, tuple[float, Check]] = {
    "a reload under load": (0.2, reloads),
    "pictures": (0.6, pictures),
    "training step": (0.4, steps),
    "two runs": (1.0, runs),
}
"""Name -> share of the time that is left when the check begins, and the check."""


def measure(options: argparse.Namespace) -> list[Finding]:
    """Run all checks; one that breaks down is a finding, and the next one runs."""
    budget, found = Budget.of(60 * options.minutes), list[Finding]()
    for name, (share, check) in CHECKS.items():
        if not budget.left_s:
            found.append(Finding(name, "left out: the time was up"))
            continue
        print(f"checking: {name}", file=sys.stderr)
        try:
            found += check(options, budget.share(share))
        except (RuntimeError, MemoryError, ValueError, BundleRefused, DeviceLost) as error:
            reason = (str(error).splitlines() or [""])[0]
            found.append(Finding(name, f"{type(error).__name__}: {reason}", passed=False))
    return found


def table(found: Sequence[Finding]) -> list[str]:
    """Format the findings, and the verdict."""
    words = {True: "passed", False: "FAILED", None: "-"}
    width = max(len(each.check) for each in found)
    lines = [f"{each.check:{width}}  {words[each.passed]:6}  {each.told}" for each in found]
    failed = sum(each.passed is False for each in found)
    return [*lines, "", f"{failed} of {len(found)} failed" if failed else "nothing failed"]


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu")
    parser.add_argument("--minutes", type=float, default=8.0, help="after which no check begins")
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--bundles", type=Path, default=Path("models/pretrained"))
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--peer", type=Path, default=FOLDER / "peer", help="of pro-gan-pth")
    parser.add_argument("--tiny", action="store_true", help="as short as possible")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the findings")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks and print the table; returns 1 if one failed, and 2 without a device."""
    options = options_of(arguments)
    try:
        target = opened(options).target
    except DeviceError as error:
        print(f"{error} (--device cpu runs the same checks there)", file=sys.stderr)
        return 2
    found = measure(options)
    print(f"{processor_of(target)}, {libraries_of(target)}\n")
    print("\n".join(table(found)))
    if options.json:
        told = [asdict(each) for each in found]
        options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return int(any(each.passed is False for each in found))


if __name__ == "__main__":
    sys.exit(main())
