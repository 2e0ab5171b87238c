"""Sets of pictures, read in batches: chosen from a data set, or drawn by a generator.

The metrics are defined for 8 bits: pictures of 16 bits are read as 8-bit views, others drawn in 8.
Owns `PictureSet` and scratch files on the disk for data too large for memory. Knows no metric.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.family import ImageGenerator
from models.growth import Growth
from models.picture import Bytes, Pixels, in_eight_bits
from training.data.stream import Indices
from training.progress_bar import OnProgress, ignore_progress, tracked
from training.rendering import render

DRAWN_AT_ONCE = 64
PIECE = 2**20  # bytes


@dataclass(frozen=True)
class PictureSet:
    """Some pictures of an array, which is usually on the disk.

    Attributes:
        array: uint8 or uint16 `[N, H, W, C]`.
        numbers: `[n]`, indices of the pictures of this set, in order.
    """

    array: Pixels
    numbers: Indices

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def shorter(self) -> int:
        """The shorter side in pixels."""
        return min(self.array.shape[1:3])

    @property
    def channels(self) -> int:
        """Number of channels: 1 gray, 3 RGB, 4 RGBA."""
        return self.array.shape[3]

    def first(self, count: int) -> PictureSet:
        """Return the first `count` pictures, or all if there are fewer."""
        return PictureSet(self.array, self.numbers[:count])

    def after(self, count: int) -> PictureSet:
        """Return all pictures except the first `count`."""
        return PictureSet(self.array, self.numbers[count:])

    def at(self, places: Sequence[int] | Indices) -> Bytes:
        """Return a copy of the pictures at these positions of the set, uint8 `[n, H, W, C]`."""
        return pictures_at(self.array, self.numbers[np.asarray(places, np.int64)])

    def batches(self, size: int) -> Iterator[Bytes]:
        """Yield copies of all pictures in order, at most `size` at a time, uint8."""
        for start in range(0, len(self), size):
            yield pictures_at(self.array, self.numbers[start : start + size])


def pictures_at(array: Pixels, numbers: Indices) -> Bytes:
    """Copy the pictures of an array with these indices, in 8 bits: uint8 `[n, H, W, C]`."""
    return in_eight_bits(np.asarray(array[numbers]))


def choose_real(array: Pixels, count: int, seed: int) -> PictureSet:
    """Choose `count` different pictures of `array` at random, or all if there are fewer."""
    numbers = np.random.default_rng(seed).permutation(len(array))[:count]
    return PictureSet(array, numbers.astype(np.int64))


def draw_generated(
    generator: ImageGenerator,
    growth: Growth,
    seeds: range,
    folder: Path,
    labels: Sequence[int] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> PictureSet:
    """Render the pictures of `seeds` into a scratch file in `folder`.

    If the generator has classes, `labels` has the class of each picture.

    Raises:
        OSError: the disk has too little space.
    """
    height, width = generator.config.size_at(growth.resolution)
    shape = (len(seeds), height, width, generator.config.channels)
    array = scratch_array(folder, shape, np.uint8)
    for start in tracked(range(0, len(seeds), DRAWN_AT_ONCE), on_progress):
        part = seeds[start : start + DRAWN_AT_ONCE]
        classes = labels[start : start + len(part)] if labels else None
        array[start : start + len(part)] = render(generator, part, growth, classes)
    return PictureSet(array, np.arange(len(seeds)))


def scratch_array(folder: Path, shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    """Create an array on the disk in an unnamed file.

    The file is deleted with the last reference to the array, even if the process is killed.

    Raises:
        OSError: the disk has too little space. The space is reserved first, because a later write
            without space would kill the process.
    """
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    with tempfile.TemporaryFile(dir=folder) as file:
        if sys.platform == "linux":
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for start in range(0, size, PIECE):
                file.write(bytes(min(PIECE, size - start)))
            file.flush()
        return np.memmap(file, kind, "r+", shape=shape)
