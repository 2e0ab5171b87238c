"""The watermark dwtDct of `invisible-watermark` 0.2.0, in the environment that has it.

Owns the exchange of pictures with that environment, whose Python runs this file by its path: the
library brings versions of its own. Its payload here is 32 bits, as ours without the check.

    python3 -m venv DIR
    DIR/bin/pip install --no-deps invisible-watermark==0.2.0 opencv-python-headless PyWavelets numpy
    (and torch, which the library imports)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8 | np.uint16]  # [H, W, 3], of 8 bits here

PAYLOAD = bytes.fromhex("a6164dfb")
RIVAL_MINIMUM = 256  # pixels of each side; the library refuses smaller pictures


def rival_marked(python: Path, pictures: Sequence[Picture]) -> list[Picture]:
    """Return the pictures with the library's watermark."""
    return _asked(python, "mark", pictures)


def rival_bits(python: Path, pictures: Sequence[Picture]) -> NDArray[np.bool_]:
    """Return for each picture, of any size, and each bit if it is read right: `[N, 32]`.

    Pictures that are too small for the library count as read by chance: every other bit is right.
    """
    wanted = np.unpackbits(np.frombuffer(PAYLOAD, np.uint8))
    right = np.tile(np.arange(len(wanted)) % 2 == 0, (len(pictures), 1))
    large = [n for n, each in enumerate(pictures) if min(each.shape[:2]) >= RIVAL_MINIMUM]
    read = _asked(python, "read", [pictures[n] for n in large])
    for place, bits in zip(large, read, strict=True):
        right[place] = bits == wanted
    return right


def _asked(python: Path, what: str, pictures: Sequence[Picture]) -> list[Picture]:
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, *pictures)
        subprocess.run([str(python), __file__, what, str(source), str(result)], check=True)
        with np.load(result) as arrays:
            return [arrays[name] for name in arrays.files]


def main() -> None:
    """Mark or read the pictures of a file; runs in the library's environment."""
    from imwatermark import WatermarkDecoder, WatermarkEncoder  # noqa: PLC0415 - only there

    what, source, result = sys.argv[1:]
    with np.load(source) as arrays:  # the library takes blue, green, red
        pictures = [np.ascontiguousarray(arrays[name][..., ::-1]) for name in arrays.files]
    if what == "mark":
        encoder = WatermarkEncoder()
        encoder.set_watermark("bytes", PAYLOAD)
        marked: list[Picture] = [encoder.encode(each, "dwtDct")[..., ::-1] for each in pictures]
        np.savez(result, *marked)
        return
    decoder = WatermarkDecoder("bits", 8 * len(PAYLOAD))
    read = [np.asarray(decoder.decode(each, "dwtDct"), np.uint8) for each in pictures]
    np.savez(result, *read)


if __name__ == "__main__":
    main()
