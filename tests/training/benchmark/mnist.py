"""Digits that a stranger could draw, in the files of MNIST: each class is a bar of its own."""

import struct
from pathlib import Path

import numpy as np


def write_mnist(folder: Path, count: int = 400) -> Path:
    """Four IDX files with `count` digits each; the folder is made."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for part in ("train", "t10k"):
        labels = random.integers(0, 10, count, np.uint8)
        digits = random.integers(0, 30, (count, 28, 28), np.uint8)
        for digit, label in zip(digits, labels, strict=True):
            digit[4:24, 2 * label + 2 : 2 * label + 7] = 255
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(digits))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


def idx(array: np.ndarray) -> bytes:
    """An array as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
