"""What a picture costs to encode, beside Pillow's default PNG: time, bytes, loss.

    python -m bench.encode [--size 512]... [--rounds 7] [--json]

Rounds are interleaved, so that a busy moment of the machine hits every encoder alike; times are of
the processor, not of the clock. The ratios are by minimum, the table shows medians too.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from service.encode import ENCODER_VERSION, FORMATS, encode
from service.picture import Pixels

FACTS = {"seed": "7", "model": "bench@" + "0" * 64, "software": "bench"}
BASELINE = "Pillow PNG"

Encoder = Callable[[Pixels], bytes]


@dataclass(frozen=True)
class Row:
    """One encoder on one picture: processor milliseconds, bytes, and both beside the baseline."""

    picture: str
    encoder: str
    minimum_ms: float
    median_ms: float
    size: int
    times_cheaper: float
    relative_size: float
    psnr_db: float | None


def drawing(size: int) -> Pixels:
    """Smooth areas with soft edges and a trace of grain, as a trained generator paints them."""
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
    """Detail at every scale, as in a photograph."""
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


def pillow_png(pixels: Pixels) -> bytes:
    """What most services call."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def measure(name: str, pixels: Pixels, rounds: int) -> list[Row]:
    """Every encoder on one picture, in turns."""
    encoders: dict[str, Encoder] = {BASELINE: pillow_png}
    encoders |= {name: lambda p, name=name: encode(p, name, FACTS) for name in FORMATS}
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
            picture=f"{name} {pixels.shape[0]}",
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
    """Likeness in decibels; None where every pixel is the same."""
    found = np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(np.float64)
    error = float(np.mean((found - pixels) ** 2))
    return round(10 * float(np.log10(255**2 / error)), 1) if error else None


def main() -> None:
    """Measure, and print a table or JSON."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--size", type=int, action="append", help="pixels; default 128, 512, 1024")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        row
        for size in options.size or [128, 512, 1024]
        for paint in (drawing, photograph)
        for row in measure(paint.__name__, paint(size), options.rounds)
    ]
    if options.json:
        print(json.dumps({"version": ENCODER_VERSION, "rows": [asdict(r) for r in rows]}, indent=2))
        return
    print(f"{platform.machine()}, Python {platform.python_version()}, {ENCODER_VERSION}")
    names = ("picture", "encoder", "min ms", "median", "KiB", "cheaper", "size", "dB")
    print("{:16}{:12}{:>8}{:>8}{:>8}{:>9}{:>7}{:>7}".format(*names))
    for row in rows:
        loss = "exact" if row.psnr_db is None else f"{row.psnr_db}"
        print(
            f"{row.picture:16}{row.encoder:12}{row.minimum_ms:8.2f}{row.median_ms:8.2f}"
            f"{row.size / 1024:8.1f}{row.times_cheaper:8.1f}x{row.relative_size:7.0%}{loss:>7}"
        )


if __name__ == "__main__":
    main()
