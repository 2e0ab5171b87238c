"""Shared memory for pixels: blocks, copies, and no way beyond them."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.processes.shared_blocks import (
    BlockTable,
    PixelMemory,
    SharedMemoryError,
    create_pixel_memory,
)

Steps = st.lists(st.tuples(st.booleans(), st.lists(st.integers(1, 300), min_size=1, max_size=4)))


@given(Steps)
def test_blocks_never_overlap_and_all_come_back(steps: list[tuple[bool, list[int]]]) -> None:
    """Whatever is reserved and freed in which order."""
    table, held = BlockTable(1000), list[tuple[list[int], list[int]]]()
    for frees, sizes in steps:
        if frees and held:
            table.free(held.pop(0)[0])
        elif (places := table.reserve(sizes)) is not None:
            held.append((places, sizes))
        pairs = [zip(places, sizes, strict=True) for places, sizes in held]
        blocks = sorted((place, place + size) for pair in pairs for place, size in pair)
        assert all(one[1] <= two[0] for one, two in pairwise(blocks))
        assert all(0 <= start < end <= 1000 for start, end in blocks)
        assert table.used_bytes == sum(end - start for start, end in blocks)
    for places, _ in held:
        table.free(places)

    assert (len(table), table.used_bytes) == (0, 0)
    assert table.reserve([1000]) == [0]


def test_a_request_gets_all_its_blocks_or_none() -> None:
    """One that does not fit leaves nothing behind."""
    table = BlockTable(1000)

    assert table.reserve([400, 700]) is None
    assert (len(table), table.used_bytes) == (0, 0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_another_process_reads_the_pixels_that_were_written(kind: type) -> None:
    """By its own mapping of the same memory; what was read stays as it was."""
    memory = create_pixel_memory(4096)
    other = PixelMemory(os.dup(memory.descriptor))
    pixels = np.arange(5 * 7 * 3, dtype=kind).reshape(5, 7, 3)
    other.write(64, pixels.nbytes, pixels[:, ::-1])
    found = memory.read(64, (5, 7, 3), pixels.itemsize * 8)
    other.write(64, pixels.nbytes, np.zeros_like(pixels))
    memory.close()
    other.close()

    assert np.array_equal(found, pixels[:, ::-1])


@pytest.mark.parametrize(("place", "size"), [(0, 11), (4096, 12), (4090, 12), (-1, 12)])
def test_nothing_is_written_outside_a_block(place: int, size: int) -> None:
    """Another size, or a place outside the memory."""
    memory = create_pixel_memory(4096)
    with pytest.raises(SharedMemoryError, match="12 bytes of pixels do not fit"):
        memory.write(place, size, np.ones((2, 2, 3), np.uint8))
    whole = memory.read(0, (4096, 1, 1), 8)
    memory.close()

    assert not whole.any()


def test_it_cannot_shrink_under_a_reader_and_no_file_shows_it() -> None:
    """An access behind the end of a mapping would kill the process."""
    memory = create_pixel_memory(4096)
    with pytest.raises(PermissionError):
        os.ftruncate(memory.descriptor, 0)
    name = str(Path(f"/proc/self/fd/{memory.descriptor}").readlink())
    memory.close()

    assert re.fullmatch(r"/memfd:progan-pixels \(deleted\)", name)


@pytest.mark.parametrize("size", [-1, 2**62])
def test_memory_that_the_system_refuses_leaves_no_descriptor(size: int) -> None:
    """Neither where it cannot be made so large, nor where it cannot be mapped."""
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(OSError, match=r"Invalid argument|Cannot allocate memory|too large"):
        create_pixel_memory(size)

    assert len([*Path("/proc/self/fd").iterdir()]) == before
