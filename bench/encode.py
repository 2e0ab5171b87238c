"""Cost of encoding a picture, beside Pillow's default PNG: time, bytes, loss.

    python bench/encode.py [--size 512]... [--rounds 7] [--settings] [--json]

Rounds are interleaved, so that a busy moment of the machine affects all encoders equally; times
are processor time, not wall time. The ratios are ratios of minima, the table also shows medians.
The pictures are synthetic ones, and one by each shipped model at its own size. `--settings` adds
other settings of the formats.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

if __name__ == "__main__":  # started as a file: service/ is beside bench/
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.taken import taken_of
from models.bundle import load_bundle
from models.picture import Pixels
from models.pixels import to_pixels
from service.media.encoding import ENCODER_VERSION, FORMATS, encode

FACTS = {"seed": "7", "model": "bench@" + "0" * 64, "software": "bench"}
BASELINE = "Pillow PNG"
SHIPPED = Path(__file__).parents[1] / "models" / "pretrained"
CLAIMED_SIZE = 512  # pixels, size for which PNG is claimed to be ten times cheaper

Encoder = Callable[[Pixels], bytes]


@dataclass(frozen=True)
class Row:
    """One encoder on one picture: processor milliseconds, bytes, and both against the baseline."""

    picture: str
    pixels: int  # width and height
    encoder: str
    minimum_ms: float
    median_ms: float
    size: int
    times_cheaper: float
    relative_size: float
    psnr_db: float | None


def drawing(size: int) -> Pixels:
    """Synthesize smooth areas with soft edges and weak noise, similar to generated images."""
    random = np.random.Generator(np.random.PCG64(1))
    y, x = np.mgrid[0:size, 0:size] / size
    picture = np.full((size, size, 3), (190.0, 215.0, 240.0))
    shapes = [((40, 60, 90), 0.5, 1.0, 0.33), ((240, 200, 170), 0.5, 0.45, 0.22)]
    shapes += [((90, 50, 30), 0.5, 0.3, 0.2), ((20, 20, 30), 0.42, 0.47, 0.02)]
    for colour, across, down, radius in shapes:
        distance = np.hypot(x - across, y - down)
        cover = 1 / (1 + np.exp((distance - radius) * size / 1.5))
        picture += (np.array(colour) - picture) * cover[..., None]
    picture += _clouds(random, size, 16) * 2 + random.normal(0, 0.5, picture.shape)
    return np.clip(picture, 0, 255).round().astype(np.uint8)


def photograph(size: int) -> Pixels:
    """Synthesize detail at every scale, as in a photograph."""
    random = np.random.Generator(np.random.PCG64(2))
    scales = [2**k for k in range(2, size.bit_length())]
    picture = 128 + sum(_clouds(random, size, scale) * 80 / scale**0.7 for scale in scales)
    return np.clip(picture, 0, 255).round().astype(np.uint8)


def _clouds(random: np.random.Generator, size: int, cells: int) -> np.ndarray:
    noise = random.normal(size=(cells, cells, 3)).astype(np.float32)
    layers = [
        Image.fromarray(noise[..., k]).resize((size, size), Image.Resampling.BICUBIC)
        for k in range(3)
    ]
    return np.stack([np.asarray(layer) for layer in layers], axis=-1)


def generated() -> Iterator[tuple[str, Pixels]]:
    """Generate a picture by each shipped model, at its full size."""
    for card in sorted(SHIPPED.glob("*/card.json")):
        generator = load_bundle(card.parent).generator
        latents, labels = taken_of(generator, [7])
        with torch.inference_mode():
            pixels: Pixels = to_pixels(generator(latents, labels=labels))[0].numpy()
        yield card.parent.name.rpartition("-")[0], pixels


def with_pillow(format: str, **settings: object) -> Encoder:
    """Return Pillow's own encoder, without metadata in the file."""

    def run(pixels: Pixels) -> bytes:
        file = io.BytesIO()
        shown = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        Image.fromarray(shown).save(file, format, **settings)
        return file.getvalue()

    return run


def ours(name: str) -> Encoder:
    """Return the encoder of the service."""
    return lambda pixels: encode(pixels, name, FACTS)


# Alternatives; the service uses WebP lossless with method 1 and effort 0, and JPEG 90 in 4:4:4 with
# Huffman tables optimized for the picture.
ALTERNATIVES: dict[str, Encoder] = {
    "PNG level 1": with_pillow("PNG", compress_level=1),
    "PNG RLE": with_pillow("PNG", compress_level=1, compress_type=3),
    "WebP m0": with_pillow("WEBP", lossless=True, exact=True, method=0, quality=0),
    "WebP default": with_pillow("WEBP", lossless=True, exact=True),
    "WebP q90": with_pillow("WEBP", quality=90),
    "JPEG q75": with_pillow("JPEG", quality=75, subsampling="4:4:4", optimize=True),
    "JPEG q95": with_pillow("JPEG", quality=95, subsampling="4:4:4", optimize=True),
    "JPEG 4:2:0": with_pillow("JPEG", quality=90, subsampling="4:2:0", optimize=True),
    "JPEG plain": with_pillow("JPEG", quality=90, subsampling="4:4:4"),
}


def measure(
    name: str, pixels: Pixels, rounds: int, others: dict[str, Encoder] | None = None
) -> list[Row]:
    """Measure every encoder on one picture, in turns."""
    encoders = {BASELINE: with_pillow("PNG"), **{f: ours(f) for f in FORMATS}, **(others or {})}
    times: dict[str, list[float]] = {encoder: [] for encoder in encoders}
    files: dict[str, bytes] = {}
    for _ in range(rounds):
        for encoder, run in encoders.items():
            start = time.process_time()
            files[encoder] = run(pixels)
            times[encoder].append((time.process_time() - start) * 1000)
    usual_ms, usual_size = min(times[BASELINE]), len(files[BASELINE])
    return [
        Row(
            picture=name,
            pixels=pixels.shape[0],
            encoder=encoder,
            minimum_ms=round(min(times[encoder]), 2),
            median_ms=round(statistics.median(times[encoder]), 2),
            size=len(files[encoder]),
            times_cheaper=round(usual_ms / min(times[encoder]), 1),
            relative_size=round(len(files[encoder]) / usual_size, 3),
            psnr_db=_psnr(pixels, files[encoder]),
        )
        for encoder in encoders
    ]


def _psnr(pixels: Pixels, file: bytes) -> float | None:
    """Return the PSNR in dB; None if every pixel is the same."""
    found = np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(np.float64)
    error = float(np.mean((found - pixels) ** 2))  # gray pixels are compared with each channel
    return round(10 * float(np.log10(255**2 / error)), 1) if error else None


def claims(rows: Sequence[Row]) -> dict[str, float]:
    """Return the worst values of all pictures of the claimed size, for PNG."""
    png = [row for row in rows if row.encoder == "png" and row.pixels == CLAIMED_SIZE]
    if not png:
        return {}
    return {
        "png_times_cheaper_512": min(row.times_cheaper for row in png),
        "png_relative_size_512": max(row.relative_size for row in png),
    }


def parse() -> argparse.Namespace:
    """Parse the command line."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--size", type=int, action="append", help="pixels; default 128, 512, 1024")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--settings", action="store_true", help="also what else could be chosen")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure, and print a table or JSON."""
    options = parse()
    painters = (drawing, photograph)
    sizes = options.size or [128, 512, 1024]
    pictures = [(paint.__name__, paint(size)) for size in sizes for paint in painters]
    others = ALTERNATIVES if options.settings else {}
    rows = [
        row
        for name, pixels in (*generated(), *pictures)
        for row in measure(name, pixels, options.rounds, others)
    ]
    if options.json:
        told: dict[str, Any] = {**claims(rows), "version": ENCODER_VERSION}
        print(json.dumps({**told, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    print(f"{platform.machine()}, Python {platform.python_version()}, {ENCODER_VERSION}")
    names = ("picture", "encoder", "min ms", "median", "KiB", "cheaper", "size", "dB")
    print("{:16}{:14}{:>8}{:>8}{:>8}{:>9}{:>7}{:>7}".format(*names))
    for row in rows:
        loss = "exact" if row.psnr_db is None else f"{row.psnr_db}"
        print(
            f"{row.picture:10} {row.pixels:4} {row.encoder:14}{row.minimum_ms:8.2f}"
            f"{row.median_ms:8.2f}{row.size / 1024:8.1f}{row.times_cheaper:8.1f}x"
            f"{row.relative_size:7.0%}{loss:>7}"
        )
    print(claims(rows))


if __name__ == "__main__":
    main()
