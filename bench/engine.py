"""Cost of a picture in each variant of the network, beside plain PyTorch in fp32.

    python -m bench.engine [--network full-256]... [--rounds 5] [--batch 4] [--threads N] [--json]

Networks: `full-256` is the published width at 256 px with random, seeded weights; any other name
is a shipped bundle. Rounds are interleaved, so that a busy moment of the machine affects all
variants equally; speed-ups are ratios of minima, and the medians of the ratios within a round are
shown too. `compiled` is the variant of the service, with its cuts; the last three rows have fewer
and more cuts, in fp32.

The baseline is the generator as it was trained: scales computed at run time, nothing folded, one
convolution after another in fp32. `textbook` is the same network without the fused up-convolution:
nearest-neighbour upsampling, then a 3x3 convolution, as in most code. `default` marks the variant
that the service uses on this machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import openvino
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.cuts import compiled_parts
from bench.taken import taken_of
from models.bundle import load_bundle
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator, leaky_relu_pixel_norm
from models.layers.progan import UpConv2d
from models.layers.resampling import upsample
from models.pixels import to_pixels
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.backends.select import select_backend
from service.engine.device import Target, device_precision
from service.engine_setup import available_cores

CPU = torch.device("cpu")
SHIPPED = Path(__file__).parents[1] / "models" / "pretrained"
FULL = ProganConfig(resolution=256, channels=3, latent_size=512, fmap_base=8192, fmap_max=512)
BASELINE = "eager fp32"

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """One variant of one network: milliseconds per picture, PSNR against the baseline."""

    network: str
    form: str
    minimum_ms: float
    median_ms: float
    speedup: float
    median_speedup: float
    psnr_db: float | None
    default: bool


def generator_of(network: str) -> Generator:
    """Return a new copy of a network, since each variant takes ownership of it."""
    if network != "full-256":
        generator = load_bundle(SHIPPED / network).generator
        assert isinstance(generator, Generator)
        return generator
    torch.manual_seed(0)
    return Generator(FULL).eval().requires_grad_(False)


def textbook(generator: Generator) -> Run:
    """Run nearest-neighbour upsampling, then a 3x3 convolution."""

    def run(z: Tensor) -> Tensor:
        x = generator.stem(z)
        for level in generator.levels:
            up = level.up
            assert isinstance(up, UpConv2d)
            x = F.conv2d(upsample(x), up.weight * up.scale, up.bias, padding=1)
            x = leaky_relu_pixel_norm(level.get_submodule("conv")(leaky_relu_pixel_norm(x)))
        return generator.exits[-1](x)

    return run


def largest(network: CompiledNetwork) -> Run:
    """Return the path to the largest picture, from entry vectors."""

    def run(z: Tensor) -> Tensor:
        for step in network.trunk[: network.starts[-1]]:
            z = step(z)
        return network.ways[-1](z)

    return run


def unfolded(generator: Generator) -> Run:
    """Return the same path through the layers as they are trained."""

    def run(z: Tensor) -> Tensor:
        for step in generator.trunk:
            z = step(z)
        return generator.exits[-1](z)

    return run


def eager_bfloat16(generator: Generator) -> Run:
    """Return the network with folded weights, in bf16 throughout."""
    form = eager_network(generator, CPU)
    for part in (*generator.trunk, form.ways[-1]):
        assert isinstance(part, nn.Module)
        part.to(torch.bfloat16)
    run = largest(form)
    return lambda z: run(z.to(torch.bfloat16)).float()


def forms_of(network: str, threads: int) -> dict[str, Run]:
    """Return every variant by name, the baseline first."""
    eager = generator_of(network)
    folded = generator_of(network)
    forms: dict[str, Run] = {
        BASELINE: unfolded(eager),
        "textbook fp32": textbook(eager),
        "folded fp32": largest(eager_network(folded, CPU)),
        "folded bf16": eager_bfloat16(generator_of(network)),
    }
    for precision in ("fp32", "bf16"):
        form = select_backend(generator_of(network), Target(CPU, threads, precision))
        forms[f"compiled {precision}"] = largest(form)
    forms["in one piece"] = compiled_parts(generator_of(network), 0, threads)
    forms["stem apart"] = compiled_parts(generator_of(network), 1, threads)
    forms["cut at each"] = compiled_parts(generator_of(network), 99, threads)
    return forms


@torch.inference_mode()
def measure(network: str, rounds: int, batch: int, threads: int) -> list[Row]:
    """Measure every variant in turns, round by round."""
    forms = forms_of(network, threads)
    generator = generator_of(network)
    z = generator.stem_input(*taken_of(generator, range(batch)))
    pictures = {name: to_pixels(run(z)) for name, run in forms.items()}  # also the warm-up
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, run in forms.items():
            run(z)  # threads of the previous variant may still be spinning
            start = time.perf_counter()
            run(z)
            times[name].append((time.perf_counter() - start) * 1000 / batch)
    default = f"compiled {device_precision('auto', CPU)}"
    return [
        Row(
            network=network,
            form=name,
            minimum_ms=round(min(taken), 2),
            median_ms=round(statistics.median(taken), 2),
            speedup=round(min(times[BASELINE]) / min(taken), 2),
            median_speedup=round(_median_ratio(times[BASELINE], taken), 2),
            psnr_db=_psnr(pictures[BASELINE], pictures[name]),
            default=name == default,
        )
        for name, taken in times.items()
    ]


def _median_ratio(usual: list[float], taken: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(usual, taken, strict=True))


def _psnr(a: Tensor, b: Tensor) -> float | None:
    """Return the PSNR of uint8 pictures in dB; None if every value is the same."""
    error = float((a.double() - b.double()).square().mean())
    return round(10 * float(np.log10(255**2 / error)), 1) if error else None


def summary(rows: list[Row]) -> dict[str, float | None]:
    """Return the figures for the claims, from the first network."""
    first = {row.form: row for row in rows if row.network == rows[0].network}
    default = next(row for row in first.values() if row.default)
    return {
        "speedup_default": default.speedup,
        "speedup_fp32": first["compiled fp32"].speedup,
        "speedup_bf16": first["compiled bf16"].speedup,
        "speedup_default_over_textbook": round(
            first["textbook fp32"].minimum_ms / default.minimum_ms, 2
        ),
        "psnr_default_db": default.psnr_db,
        "psnr_bf16_db": first["compiled bf16"].psnr_db,
        "cost_of_cuts": round(
            first["compiled fp32"].minimum_ms / first["in one piece"].minimum_ms - 1, 3
        ),
        "cost_of_cuts_at_each_level": round(
            first["cut at each"].minimum_ms / first["in one piece"].minimum_ms - 1, 3
        ),
    }


def print_table(rows: list[Row]) -> None:
    """Print one table for each network."""
    names = ("network", "form", "min ms", "median", "faster", "median", "dB")
    print("\n{:16}{:16}{:>9}{:>9}{:>8}{:>8}{:>7}".format(*names))
    for row in rows:
        likeness = "equal" if row.psnr_db is None else f"{row.psnr_db:.1f}"
        print(
            f"{row.network:16}{row.form:16}{row.minimum_ms:9.2f}{row.median_ms:9.2f}"
            f"{row.speedup:7.2f}x{row.median_speedup:7.2f}x{likeness:>7}"
            f"{'  <- default' if row.default else ''}",
            flush=True,
        )


def main() -> None:
    """Measure, and print a table or JSON."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--network", action="append", help="default: full-256 and all bundles")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4, help="pictures at a time")
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    bundles = sorted(card.parent.name for card in SHIPPED.glob("*/card.json"))
    machine = (
        f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, "
        f"{options.threads} threads, torch {torch.__version__}, openvino {openvino.__version__}"
    )
    if not options.json:
        print(machine)
    rows: list[Row] = []
    for network in options.network or ["full-256", *bundles]:
        rows += (found := measure(network, options.rounds, options.batch, options.threads))
        if not options.json:
            print_table(found)
    if options.json:
        values = {"machine": machine, **summary(rows), "rows": [asdict(row) for row in rows]}
        print(json.dumps(values, indent=2))


if __name__ == "__main__":
    main()
