"""Processor time of Content Credentials: pictures encoded with and without, and read.

    python -m bench.credentials

Prints milliseconds of processor time for each picture, the median of many, on one thread; and the
bytes that a signature adds. Nothing is written: the development chain is made in memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import numpy as np

from models.picture import Pixels
from service.credentials.development import create_chain
from service.credentials.reading import read_credentials
from service.credentials.signing import FileSigner
from service.media.encoding import FORMATS, encode

FACTS: Final = {
    "seed": "7",
    "model": "personas-256@" + "ab" * 32,
    "resolution": "256",
    "software": "Progan",
    "licence": "CC BY 4.0",
    "credit": "Personas by Draftbit",
}
SIZES: Final = (128, 256, 512)


def picture(size: int) -> Pixels:
    """A drawing with edges and slopes: `[size, size, 3]`."""
    y, x = np.mgrid[0:size, 0:size] / size
    disc = np.hypot(x - 0.5, y - 0.5) < 0.3
    layers = [120 + 100 * np.sin(3 * (x + k * y)) + 40 * disc for k in range(3)]
    return np.clip(np.stack(layers, axis=-1), 0, 255).astype(np.uint8)


def milliseconds(run: Callable[[], object], times: int) -> float:
    """Median processor time of a call."""
    run()
    taken: list[float] = []
    for _ in range(times):
        began = time.thread_time()
        run()
        taken.append((time.thread_time() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Print one row for each format and size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=100, help="calls of each kind")
    times = parser.parse_args().times
    chain = create_chain(datetime.now(UTC))
    signer = FileSigner(chain.identity)
    print("format    px   encode  with credentials   added   read   (ms)    bytes added")
    for name, image_format in FORMATS.items():
        for size in SIZES:
            pixels = picture(size)
            content = encode(pixels, name, FACTS)
            signed = signer.sign(content, image_format.media_type, FACTS)

            def unsigned(pixels: Pixels = pixels, name: str = name) -> bytes:
                return encode(pixels, name, FACTS)

            def sealed(
                content: bytes = content, media_type: str = image_format.media_type
            ) -> bytes:
                return signer.sign(content, media_type, FACTS)

            def read(signed: bytes = signed, media_type: str = image_format.media_type) -> object:
                return read_credentials(signed, media_type, chain.root_pem)

            off, added, reading = (milliseconds(run, times) for run in (unsigned, sealed, read))
            times_ms = f"{off:>8.2f} {off + added:>17.2f} {added:>7.2f} {reading:>6.2f}"
            print(f"{name:<6} {size:>5} {times_ms} {len(signed) - len(content):>20}")


if __name__ == "__main__":
    main()
