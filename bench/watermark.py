"""Survival of the watermark: attacks, false positives, cost; beside a library without weights.

    python -m bench.watermark [--images 20] [--pictures DIR] [--trials 40] [--rival PYTHON]

Pictures of `personas-256` at 128 and 256 px, and the largest ones of a prepared folder (as
`python -m training prepare 'dicebear:landscape?count=300&size=512' DIR` makes it), are marked and
attacked. Columns: share found at a false-positive rate of one in a million, share with the whole
payload right, and the confidence of these; for the library, whose detector gives bits alone, share
with all 32 bits right, and share of right bits. Then what unmarked pictures give with other keys,
and the processor time of a mark and of a search.

`--rival` is the Python of an environment with `invisible-watermark` 0.2.0, its method dwtDct.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from bench.attacks import ATTACKS
from bench.rivals.dwt_dct import RIVAL_MINIMUM, rival_bits, rival_marked
from models.picture import Pixels
from models.pixels import from_pixels, to_pixels
from service.batching.recipe import Recipe, point_of
from service.engine.picture_marker import PictureMarker, with_watermarks
from service.engine.torch_models import open_models
from service.watermark.alignment import best_shifts, coarse_grid, hypotheses_at
from service.watermark.detector import detect_watermark
from service.watermark.key import watermark_key
from service.watermark.pattern import carriers_of
from service.watermark.payload import model_prefix_of
from service.watermark.spectrum import Spectrum, brightness_of, centre_of, without_edges

BUNDLE = Path("models/pretrained/personas-256")
OTHER_MODEL = "landscapes@" + "0123abcd" * 8
BATCH = 8


def rendered(count: int, size: int) -> tuple[str, list[Pixels], list[Pixels]]:
    """Return the pinned name of the shipped model, and its unmarked and marked pictures."""
    models = open_models(
        device="cpu", threads=1, max_batch=BATCH, max_work_s=1.0, watermark_key=watermark_key()
    )
    model = models.load(BUNDLE, lambda _recipes, _seconds: None)
    models.activate(model)
    name = model.served.pinned_name

    def pictures(watermark: str | None) -> list[Pixels]:
        recipes = [Recipe(name, point_of(n), size, watermark=watermark) for n in range(count)]
        return [
            pixels
            for start in range(0, count, BATCH)
            for pixels in models.render_batch(recipes[start : start + BATCH])
        ]

    return name, pictures(None), pictures("1")


def prepared(folder: Path, count: int) -> tuple[str, list[Pixels], list[Pixels]]:
    """Return a name, and the largest pictures of a prepared folder, unmarked and marked."""
    array = np.load(max(folder.glob("images-*.npy")), mmap_mode="r")
    plain = [np.array(array[n]) for n in range(min(count, len(array)))]
    marker = PictureMarker(watermark_key())
    recipe = Recipe(OTHER_MODEL, point_of(1), plain[0].shape[0], watermark="1")
    marked = [
        to_pixels(with_watermarks(from_pixels(torch.from_numpy(each[None])), [recipe], marker))
        for each in plain
    ]
    return OTHER_MODEL, plain, [each[0].numpy() for each in marked]


def psnr(pixels: Pixels, other: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    return float(10 * np.log10(255**2 / np.mean((pixels - other.astype(np.float64)) ** 2)))


def print_survival(
    title: str, name: str, plain: list[Pixels], marked: list[Pixels], rival: Path | None
) -> None:
    """Print a table with a row for each attack."""
    prefix = model_prefix_of(name)
    ratios = [psnr(*pair) for pair in zip(marked, plain, strict=True)]
    print(f"\n{title}: {len(plain)} pictures, {np.mean(ratios):.1f} dB, worst {min(ratios):.1f} dB")
    theirs = (
        rival_marked(rival, plain) if rival and min(plain[0].shape[:2]) >= RIVAL_MINIMUM else []
    )
    if theirs:
        ratios = [psnr(*pair) for pair in zip(theirs, plain, strict=True)]
        print(f"dwtDct: {np.mean(ratios):.1f} dB, worst {min(ratios):.1f} dB")
    print(f"{'':18}{'found':>8}{'payload':>9}{'confidence':>12}{'dwtDct: payload':>18}{'bits':>8}")
    attacked = [change(pixels) for change in ATTACKS.values() for pixels in theirs]
    bits = rival_bits(rival, attacked) if rival and theirs else None
    for row, (attack, change) in enumerate(ATTACKS.items()):
        reports = [detect_watermark(change(pixels)) for pixels in marked]
        right = [report for report in reports if report.model_prefix == prefix]
        found = float(np.mean([report.found for report in reports]))
        line = f"{attack:18}{found:8.1%}{len(right) / len(reports):9.1%}"
        confidence = float(np.mean([report.bit_confidence for report in right])) if right else 0.0
        line += f"{confidence:12.3f}"
        if bits is not None:
            ours = bits[row * len(theirs) : (row + 1) * len(theirs)]
            line += f"{float(np.mean(ours.all(axis=1))):18.1%}{float(ours.mean()):8.1%}"
        print(line, flush=True)


def print_chance(pictures: Sequence[Pixels], trials: int) -> None:
    """Print how often chance reaches an evidence, beside the bound, for unmarked pictures."""
    found: list[float] = []
    side = max(pictures[0].shape[:2])
    maps, _ = coarse_grid(side)
    for trial in range(trials):
        plane = without_edges(centre_of(brightness_of(pictures[trial % len(pictures)]), side))
        carriers = carriers_of(watermark_key(f"key of a stranger, number {trial}"))
        found += [each.evidence for each in best_shifts(Spectrum(plane), carriers, maps)]
    values = np.array(found)
    threshold = math.log(2 * hypotheses_at(side) / 1e-6)
    print(f"\nchance: {trials} unmarked pictures of {side} px, each with another key, and")
    print(f"{len(maps)} maps each: {len(values)} trials, the best of 4096 shifts in each")
    print(f"largest evidence {values.max():.1f}; found from {threshold:.1f} on (without payload)")
    print(f"{'evidence':>10}{'share above':>13}{'bound':>11}")
    for evidence in range(9, 18, 2):
        bound = min(1.0, 4096 * math.exp(-evidence))
        print(f"{evidence:10}{np.mean(values > evidence):13.2e}{bound:11.2e}")


def print_cost(size: int) -> None:
    """Print the milliseconds of a mark and of a search, for an unmarked picture of noise."""
    random = np.random.default_rng(size)
    pixels = random.integers(0, 256, (size, size, 3), np.uint8)
    images = from_pixels(torch.from_numpy(pixels[None]))
    recipe = Recipe(OTHER_MODEL, point_of(1), size, watermark="1")
    marker = PictureMarker(watermark_key())
    with_watermarks(images, [recipe], marker)  # makes the pattern
    took: list[float] = []
    for _ in range(20):
        began = time.process_time()
        with_watermarks(images, [recipe], marker)
        took.append(time.process_time() - began)
    began = time.process_time()
    detect_watermark(pixels)
    search_ms = 1000 * (time.process_time() - began)
    print(f"{size:6} px: mark {1000 * float(np.median(took)):6.2f} ms, search {search_ms:6.0f} ms")


def main() -> None:
    """Measure, and print the tables."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--pictures", type=Path, help="a prepared folder, beside the model's")
    parser.add_argument("--trials", type=int, default=40, help="unmarked pictures with other keys")
    parser.add_argument("--rival", type=Path, help="Python that has invisible-watermark 0.2.0")
    options = parser.parse_args()
    torch.set_num_threads(1)
    unmarked: list[Pixels] = []
    for size in (128, 256):
        name, plain, marked = rendered(options.images, size)
        unmarked = plain
        print_survival(f"personas-256 at {size} px", name, plain, marked, options.rival)
    if options.pictures:
        name, plain, marked = prepared(options.pictures, options.images)
        title = f"{options.pictures} at {plain[0].shape[0]} px"
        print_survival(title, name, plain, marked, options.rival)
    print_chance(unmarked, options.trials)
    print("\nprocessor time of one picture")
    for size in (128, 256, 512, 1024):
        print_cost(size)


if __name__ == "__main__":
    main()
