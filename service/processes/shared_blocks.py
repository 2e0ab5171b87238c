"""Shared memory in which an engine process writes the pixels of one front end.

Owns the blocks of that memory: the front end alone reserves and frees them, an engine writes into a
block that it was told of. The memory has no name and no owner but the two processes (`memfd`), so
the system frees it when both have ended, however they ended. Knows no messages.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from bisect import insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from models.picture import Pixels

MEMORY_REFUSED: Final = (
    "the system refuses %d bytes of shared memory for pictures (%s), so this process answers none; "
    "it tries again: raise its limits on memory, files and descriptors (ulimit -v, -f, -n), or "
    "lower PROGAN_UNENCODED_BYTES"
)
ALIGNMENT = 64  # bytes, of a cache line
MEMORY_NAME = "progan-pixels"  # as /proc shows it

log = logging.getLogger(__name__)


class SharedMemoryError(ValueError):
    """Pixels do not fit the block that they are for."""


class PixelMemory:
    """The mapped memory: bytes 0 to `size` of an open `memfd`.

    Args:
        descriptor: of the memory; it is closed with this object, and if that cannot be created.

    Raises:
        OSError: it cannot be mapped, as where the address space of the process is limited.
        ValueError: it is empty.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        try:
            self.size = os.fstat(descriptor).st_size
            self._bytes = mmap.mmap(descriptor, self.size)
        except (OSError, ValueError):
            os.close(descriptor)
            raise

    def write(self, place: int, size: int, pixels: Pixels) -> None:
        """Copy `pixels` `[H, W, C]` into the block of `size` bytes at `place`.

        Raises:
            SharedMemoryError: they have another size, or the block is not within the memory.
        """
        if pixels.nbytes != size or not 0 <= place <= self.size - size:
            raise SharedMemoryError(
                f"{pixels.nbytes} bytes of pixels do not fit a block of {size} at {place}"
            )
        into = np.frombuffer(self._bytes, pixels.dtype, pixels.size, place)
        np.copyto(into.reshape(pixels.shape), pixels)

    def read(self, place: int, shape: Sequence[int], bits: int) -> Pixels:
        """Copy the pixels `[H, W, C]` of `bits` bits, 8 or 16, at `place`."""
        kind = np.uint16 if bits == 16 else np.uint8
        found = np.frombuffer(self._bytes, kind, int(np.prod(shape)), place)
        return found.reshape(shape).copy()

    def close(self) -> None:
        """Give the memory back."""
        self._bytes.close()
        os.close(self.descriptor)


def create_pixel_memory(size: int) -> PixelMemory:
    """Create memory of `size` bytes; pages are taken from the system when they are written.

    It cannot shrink, so that no process is killed by an access behind its end.

    Raises:
        OSError: the system refuses it, as beyond a limit on files, memory or descriptors.
    """
    descriptor = os.memfd_create(MEMORY_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    except OSError:
        os.close(descriptor)
        raise
    return PixelMemory(descriptor)


class PixelMemories:
    """Creates one memory after another; the first refusal in a row is told in the log.

    Args:
        size: bytes of each.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._was_refused = False

    def create(self) -> PixelMemory:
        """Create a memory.

        Raises:
            OSError: as `create_pixel_memory`.
        """
        try:
            memory = create_pixel_memory(self._size)
        except OSError as error:
            if not self._was_refused:
                log.error(MEMORY_REFUSED, self._size, error)  # noqa: TRY400 - it says all
            self._was_refused = True
            raise
        self._was_refused = False
        return memory


class BlockTable:
    """The blocks of a memory that are in use; the lowest free place is taken first.

    Args:
        size: bytes of the memory.

    Attributes:
        used_bytes: bytes of all blocks in use.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used: list[tuple[int, int]] = []  # first byte and the one after the last, in order
        self.used_bytes = 0

    def __len__(self) -> int:
        return len(self._used)

    def reserve(self, sizes: Sequence[int]) -> list[int] | None:
        """Reserve a block of each size; returns their places, or None if there is no room for all.

        Args:
            sizes: bytes of each block, above 0.
        """
        places: list[int] = []
        for size in sizes:
            if (place := self._free_place(size)) is None:
                self.free(places)
                return None
            insort(self._used, (place, place + size))
            self.used_bytes += size
            places.append(place)
        return places

    def free(self, places: Sequence[int]) -> None:
        """Free the blocks at these places."""
        given = set(places)
        self.used_bytes -= sum(end - place for place, end in self._used if place in given)
        self._used = [block for block in self._used if block[0] not in given]

    def _free_place(self, size: int) -> int | None:
        bounds = [(0, 0), *self._used, (self._size, self._size)]
        gaps = (
            (-(-end // ALIGNMENT) * ALIGNMENT, start) for (_, end), (start, _) in pairwise(bounds)
        )
        return next((place for place, start in gaps if place + size <= start), None)
