"""How often the comparison of `POST /verify` errs: other seeds accepted, changed pictures refused.

    python -m bench.similarity [--model NAME] [--seeds 400]

Makes pictures of many seeds of each shipped model, compares all pairs, and compares each picture
with changed copies of itself: compressed, smaller, larger. Prints both rates. A pair whose
PSNR is below the threshold is refused without measuring its SSIM.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from models.picture import Pixels, as_shown
from service.batching.recipe import Recipe, point_of
from service.engine.loading import LoadedModel
from service.engine.torch_engine import Timings
from service.engine.torch_models import open_models
from service.verification.similarity import MIN_PSNR_DB, similarity

BATCH: Final = 8
CHANGED: Final = 60  # pictures that are changed, of each resolution
FIRST_SEED: Final = 5_000_000
CHANGES: Final = [
    (format_name, quality, scale)
    for format_name, quality in (("JPEG", 90), ("JPEG", 75), ("JPEG", 50), ("WEBP", 50))
    for scale in (1.0, 0.5, 0.25, 1.5)
]
FILTERS: Final = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR)


def render_seeds(model: LoadedModel, resolution: int, count: int) -> list[Pixels]:
    """The pictures of `count` seeds."""
    name = model.served.pinned_name
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    recipes = [Recipe(name, point_of(seed), resolution) for seed in seeds]
    return [
        pixels
        for start in range(0, count, BATCH)
        for pixels in model.render_batch(recipes[start : start + BATCH])
    ]


def accepted_pairs(pictures: list[Pixels]) -> tuple[int, int, float]:
    """Number of pairs of other seeds that are accepted, of all pairs, and the largest PSNR."""
    flat = np.stack(pictures).reshape(len(pictures), -1).astype(np.float32)
    squares, accepted, pairs, largest = np.square(flat).sum(1), 0, 0, 0.0
    for one in range(len(pictures) - 1):
        rest = slice(one + 1, None)
        errors = (squares[one] + squares[rest] - 2 * flat[rest] @ flat[one]) / flat.shape[1]
        psnr = 10 * np.log10(255**2 / np.maximum(errors, 1e-3))
        largest, pairs = max(largest, float(psnr.max())), pairs + len(psnr)
        near = np.flatnonzero(psnr >= MIN_PSNR_DB - 0.1) + one + 1
        accepted += sum(similarity(pictures[other], pictures[one]).is_similar for other in near)
    return accepted, pairs, largest


def changed_copies(pixels: Pixels, number: int) -> Iterator[tuple[str, Pixels]]:
    """Copies of a picture, compressed and resized, with the name of the change."""
    for format_name, quality, scale in CHANGES:
        image = Image.fromarray(as_shown(pixels))
        if scale != 1.0:
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, FILTERS[number % len(FILTERS)])
        file = io.BytesIO()
        image.save(file, format_name, quality=quality)
        seen = np.asarray(Image.open(file).convert("RGB"))
        yield f"{format_name} {quality}, size x {scale:g}", seen


def measure(model: LoadedModel, resolution: int, seeds: int) -> None:
    """Print both rates for one resolution."""
    began = time.perf_counter()
    pictures = render_seeds(model, resolution, seeds)
    accepted, pairs, largest = accepted_pairs(pictures)
    print(
        f"{model.served.card.name} at {resolution} px: {accepted} of {pairs:,} pairs of other "
        f"seeds accepted ({accepted / pairs:.1e}), largest PSNR {largest:.1f} dB"
    )
    refused: dict[str, list[float]] = {}
    for number, pixels in enumerate(pictures[:CHANGED]):
        for name, seen in changed_copies(pixels, number):
            found = similarity(seen, pixels)
            refused.setdefault(name, []).append(0.0 if found.is_similar else 1.0)
            refused.setdefault(f"{name} psnr", []).append(found.psnr_db)
            refused.setdefault(f"{name} ssim", []).append(found.ssim)
    for name in [name for name in refused if not name.endswith(("psnr", "ssim"))]:
        print(
            f"  {name:24} refused {np.mean(refused[name]):6.1%}   "
            f"smallest PSNR {min(refused[f'{name} psnr']):.1f} dB, "
            f"SSIM {min(refused[f'{name} ssim']):.2f}"
        )
    print(f"  ({time.perf_counter() - began:.0f} s)")


def main() -> None:
    """Measure the shipped models."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", help="name of a bundle; else all shipped ones")
    arguments.add_argument("--seeds", type=int, default=400)
    options = arguments.parse_args()
    models = open_models(device="cpu", threads=1, max_batch=BATCH, max_work_s=1.0)
    for folder in sorted(Path("models/pretrained").iterdir()):
        if options.model in (None, folder.name):
            model = models.load(folder, Timings().add)
            for resolution in model.served.card.resolutions[-1:1:-1]:
                measure(model, resolution, options.seeds)


if __name__ == "__main__":
    main()
