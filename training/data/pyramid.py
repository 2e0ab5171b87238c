"""The pyramid: pictures at every resolution down to the base, and their array files.

Owns the arithmetic of halving and the writing of `.npy` files whose final length is not known in
advance. Knows nothing of decoding.

**Halving.** Each pixel of a lower resolution is the mean of the square block of pixels *of the
largest resolution* that it covers, computed in integers and rounded once, half up, so that rounding
errors do not accumulate over levels. Every channel, including alpha, is averaged independently, as
in the networks.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from models.layout import file_sha256
from models.picture import BitDepth, Pixels
from models.resolution import SQUARE, Size, level_of, resolution_of, size_of
from training.data.manifest import ArrayFile, images_file


def halvings(pictures: Pixels, resolution: int) -> list[Pixels]:
    """Pictures `[N, H, W, C]` of a resolution -> those at resolutions 4, 8 and so on.

    All have the type of `pictures`: uint8, or uint16, of which a sum of 256x256 fits into 32 bits.
    """
    levels = [pictures]
    sums = pictures.astype(np.uint32)
    for halved in range(1, level_of(resolution) + 1):
        sums = sums[:, 0::2, 0::2] + sums[:, 0::2, 1::2] + sums[:, 1::2, 0::2] + sums[:, 1::2, 1::2]
        levels.append(((sums + (1 << (2 * halved - 1))) >> (2 * halved)).astype(pictures.dtype))
    return levels[::-1]


def sizes_of(resolution: int, base: Size) -> dict[int, Size]:
    """Every resolution up to this one -> height and width, smallest first."""
    named = (resolution_of(level) for level in range(level_of(resolution) + 1))
    return {name: size_of(name, base) for name in named}


def pyramid_bytes(
    count: int, resolution: int, channels: int, base: Size = SQUARE, bit_depth: BitDepth = 8
) -> int:
    """Bytes of `count` pictures at all resolutions together."""
    sizes = sizes_of(resolution, base).values()
    return count * channels * bit_depth // 8 * sum(height * width for height, width in sizes)


class ArrayWriter:
    """Writes one `.npy` file sequentially, several rows at a time.

    The header is written twice: first as a placeholder, at the end with the final count. numpy
    reserves 21 digits for the first axis, so the length of the header stays the same.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], kind: type = np.uint8) -> None:
        self.path = path
        self.row_shape = row_shape
        self.kind = kind
        self.count = 0
        self._file = path.open("wb")
        self._write_head()

    def append(self, rows: np.ndarray) -> None:
        """Add rows `[n, *row_shape]`."""
        self._file.write(np.ascontiguousarray(rows, self.kind).data)
        self.count += len(rows)

    def close(self) -> None:
        """Write the final count and flush the file to disk (fsync)."""
        self._file.seek(0)
        self._write_head()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Close the file in any state."""
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full, and the file will be deleted

    def record(self) -> ArrayFile:
        """The entry of the closed file in the manifest."""
        size = self.path.stat().st_size
        return ArrayFile(
            self.path.name, (self.count, *self.row_shape), size, file_sha256(self.path)
        )

    def _write_head(self) -> None:
        head = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(self.kind)),
            "fortran_order": False,
            "shape": (self.count, *self.row_shape),
        }
        np.lib.format.write_array_header_1_0(self._file, head)


class PyramidWriter:
    """Writes the arrays of all resolutions in parallel; closes or abandons them on exit."""

    def __init__(
        self,
        folder: Path,
        resolution: int,
        channels: int,
        base: Size = SQUARE,
        bit_depth: BitDepth = 8,
    ) -> None:
        kind = np.uint16 if bit_depth == 16 else np.uint8
        self.arrays = [
            ArrayWriter(folder / images_file(name), (*size, channels), kind)
            for name, size in sizes_of(resolution, base).items()
        ]

    def append(self, levels: list[Pixels]) -> None:
        """Add the output of `halvings`."""
        for array, pictures in zip(self.arrays, levels, strict=True):
            array.append(pictures)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                for array in self.arrays:
                    array.close()
        finally:
            for array in self.arrays:
                array.abandon()

    def records(self) -> tuple[ArrayFile, ...]:
        """The entries of the closed files in the manifest."""
        return tuple(array.record() for array in self.arrays)
