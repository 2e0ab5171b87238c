"""Test of seeds: same pixels as a single picture, in any batch, under load, after a restart.

    python -m bench.promise [--seeds 2000] [--bundles models/pretrained] [--precision auto]
                            [--watermark] [--frontends 2 | --replicas 2]
    python -m bench.promise --family all [--plain]

Every model of the folder renders every seed, each at one of its resolutions, and after every eighth
seed a point between it and the next, in several ways (under load every eighth); the table counts
the pictures that were not byte-equal to the same one rendered in a batch of one. Exits with 1 if
there is any. With `--watermark` pictures of 128 px and more have a watermark. With `--frontends`
the only way is through that many front-end processes and an engine process, over HTTP, all models
mixed; with `--replicas` through that many replicas on Ray Serve, of as many threads each as the
pictures that they are compared with.

Models that translate get a random picture for each seed, models that take `psi` several of it. With
`--family` the models are untrained networks, the smallest preset of one family or of all; with
`--plain` they are computed by PyTorch alone, as where OpenVINO is not installed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.promise_recipes import MAX_BATCH, place_of, recipes_of, shuffled
from bench.promise_served import digests_served
from bench.untrained_bundles import UNTRAINED, write_untrained_bundles
from models.families.table import offer_of
from models.picture import pixel_sha256
from service.batching.recipe import Recipe
from service.engine.torch_models import TorchModels, open_models
from service.engine_setup import available_cores
from service.registry.watcher import bundle_folders
from service.watermark.key import watermark_key

BUSY_THREADS = 2
UNDER_LOAD = 8  # every eighth picture, since it takes long

Digests = dict[Recipe, str]


def digests(models: TorchModels, batches: Iterable[Sequence[Recipe]]) -> Digests:
    """Return the digest of the picture of each recipe."""
    found: Digests = {}
    for batch in batches:
        images = models.render_batch(batch)
        found |= {r: pixel_sha256([image]) for r, image in zip(batch, images, strict=True)}
    return found


@contextmanager
def busy() -> Generator[None]:
    """Run other threads that compete for the cores and for memory."""
    done = threading.Event()

    def burn() -> None:
        matrix = np.ones((500, 500), np.float32)
        while not done.is_set():
            np.matmul(matrix, matrix)

    threads = [threading.Thread(target=burn) for _ in range(BUSY_THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def require_seeds(models: TorchModels) -> None:
    """Check that every model makes pictures of seeds, which the requests over HTTP ask for.

    Raises:
        SystemExit: a model translates pictures.
    """
    for served in (model.served for model in models.loaded.values()):
        if offer_of(served.card.network).translates:
            raise SystemExit(
                f"{served.card.name} translates pictures, which is tried in this process alone: "
                "leave --frontends and --replicas out, or name --bundles without it"
            )


def opened(options: argparse.Namespace) -> TorchModels:
    """Load all bundles in the same way as the service."""
    models = open_models(
        device=None,
        threads=options.threads,
        max_batch=MAX_BATCH,
        max_work_s=1.0,
        precision=options.precision,
        watermark_key=watermark_key() if options.watermark else None,
    )
    for folder in bundle_folders(options.bundles):
        models.activate(models.load(folder, lambda _recipes, _seconds: None))
    return models


def digests_elsewhere(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return the digests from another process, by model, in the order of `points_of`."""
    command = [sys.executable, "-m", "bench.promise", "--digests-only"]
    for name in ("seeds", "bundles", "precision", "threads"):
        command += [f"--{name}", str(getattr(options, name))]
    command += [f"--{name}" for name in ("watermark", "plain") if getattr(options, name)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def broken(models: TorchModels, options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Count by model and way the pictures that differ from the same one in a batch of one."""
    found: dict[str, dict[str, int]] = {}
    elsewhere = digests_elsewhere(options)
    for served in (model.served for model in models.loaded.values()):
        recipes = recipes_of(served, options.seeds)
        alone = digests(models, ([recipe] for recipe in recipes))
        ways = {
            "in mixed batches": digests(models, shuffled(recipes, 1)),
            "in other places": digests(models, shuffled(recipes, 2)),
        }
        with busy():
            ways["under load"] = digests(models, shuffled(recipes[::UNDER_LOAD], 3))
        ways["after a restart"] = dict(zip(recipes, elsewhere[served.pinned_name], strict=True))
        found[served.card.name] = {
            way: sum(alone[recipe] != digest for recipe, digest in results.items())
            for way, results in ways.items()
        }
    return found


def broken_served(models: TorchModels, options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Count as `broken` the pictures that differ where a service of several processes is asked."""
    infos = [model.served for model in models.loaded.values()]
    recipes = {served.pinned_name: recipes_of(served, options.seeds) for served in infos}
    alone = {
        name: digests(models, ([recipe] for recipe in those)) for name, those in recipes.items()
    }
    mixed = shuffled([recipe for those in recipes.values() for recipe in those], 5)
    found, answers = digests_served(
        [recipe for batch in mixed for recipe in batch],
        {served.pinned_name: served.card for served in infos},
        **set_up_of(options),
        bundles=options.bundles.absolute(),
        precision=options.precision,
        threads=options.threads,
        watermark="on" if options.watermark else "off",
    )
    shares = ", ".join(f"{name} {count}" for name, count in sorted(answers.items()))
    among = (
        f"{options.replicas} replicas" if options.replicas else f"{options.frontends} front ends"
    )
    way = f"through {among} ({shares})"
    return {
        served.card.name: {
            way: sum(
                digest != found[recipe] for recipe, digest in alone[served.pinned_name].items()
            )
        }
        for served in infos
    }


def set_up_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the module and the settings of the processes that are asked."""
    if not options.replicas:
        return {"frontends": options.frontends}
    number = {"min_replicas": options.replicas, "max_replicas": options.replicas}
    return {"module": "service.cluster", **number, "log_level": "info"}


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--bundles", type=Path, default=Path("models/pretrained"))
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--watermark", action="store_true", help="mark pictures of 128 px or more")
    parser.add_argument("--frontends", type=int, default=0, help="through that many, alone")
    parser.add_argument("--replicas", type=int, default=0, help="through that many, alone")
    parser.add_argument("--family", choices=["all", *UNTRAINED], help="in place of --bundles")
    parser.add_argument("--plain", action="store_true", help="without OpenVINO")
    parser.add_argument("--digests-only", action="store_true", help="for another process to read")
    options = parser.parse_args(arguments)
    if options.plain and (options.frontends or options.replicas):
        parser.error("--plain does not reach front ends and replicas, which would differ from it")
    return options


def main() -> None:
    """Make untrained bundles if they are asked for, and run the test."""
    options = options_of()
    if options.plain:
        sys.modules["openvino"] = None  # type: ignore[assignment]  # pyright: ignore[reportArgumentType] - so no import finds it
    with tempfile.TemporaryDirectory(prefix="progan-untrained-") as folder:
        if options.family:
            options.bundles = Path(folder)
            names = UNTRAINED if options.family == "all" else [options.family]
            write_untrained_bundles(options.bundles, names)
        run(options)


def run(options: argparse.Namespace) -> None:
    """Run the test, and print a table; or print the digests for another process.

    Raises:
        SystemExit: with 1 if any picture differs.
    """
    models = opened(options)
    if options.digests_only:
        results = {
            served.pinned_name: [
                digest
                for _, digest in sorted(
                    digests(models, shuffled(recipes_of(served, options.seeds), 4)).items(),
                    key=lambda item: place_of(item[0]),
                )
            ]
            for served in (model.served for model in models.loaded.values())
        }
        print(json.dumps(results))
        return
    if options.frontends or options.replicas:
        require_seeds(models)
        found = broken_served(models, options)
    else:
        found = broken(models, options)
    for served in (model.served for model in models.loaded.values()):
        mark = f", watermark {served.watermark}" if served.watermark else ""
        print(f"{served.card.name}: {options.seeds} seeds{mark}, {served.mode.precision}, ", end="")
        print(served.mode.libraries)
        for way, count in found[served.card.name].items():
            print(f"  {way:20}{count:6} differ")
    sys.exit(any(count for ways in found.values() for count in ways.values()))


if __name__ == "__main__":
    main()
