"""Decoding in processes: order, bounds, and what happens when one side dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from training.data.decode import Decoded, MemoryLock, Payload
from training.data.manifest import DataError
from training.data.shape import Shape, UnfitPictureError
from training.data.sources.pictures import Entry
from training.data.worker_pool import WAITING_CHUNKS, decode_all, decode_chunk, group

ROOT = Path(__file__).parents[3]


EIGHT = Shape(8, 1)


@dataclass(frozen=True)
class NumberDecoder:
    """Turns number n into a picture of n; odd things happen at some numbers."""

    unfit: int = -1
    broken: int = -1
    deadly: int = -1
    shape: Shape = EIGHT

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Pixels `[8, 8, 1]` of the number."""
        if payload == self.unfit:
            raise UnfitPictureError("is odd")
        if payload == self.broken:
            raise KeyError("chunk")
        if payload == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        assert isinstance(payload, int)
        return Decoded(np.full((8, 8, 1), payload % 256, np.uint8), ("counted",))


def entries(count: int) -> Iterator[Entry]:
    """Numbers from 0, in three classes."""
    return (Entry(f"picture-{number}", number, number % 3) for number in range(count))


def test_pictures_that_cannot_be_used_are_named_with_the_reason() -> None:
    """One that does not fit, one that is broken and one that was flawed before are set apart."""
    items = [*entries(4), Entry("flawed", 9, flaw="is a bomb")]
    chunk = decode_chunk(items, NumberDecoder(unfit=1, broken=2), nullcontext())

    assert [(skipped.name, skipped.reason) for skipped in chunk.skipped] == [
        ("picture-1", "is odd"),
        ("picture-2", "cannot be read: KeyError: 'chunk'"),
        ("flawed", "is a bomb"),
    ]
    assert chunk.labels == [0, 0]
    assert chunk.notes == {"counted": 2}
    assert [level.shape for level in chunk.levels] == [(2, 4, 4, 1), (2, 8, 8, 1)]


def test_chunks_end_when_they_are_long_or_heavy() -> None:
    """Packed pictures count by their bytes."""
    light = list(group(entries(5), 2))
    heavy = list(group((Entry(str(n), bytes(3 * 2**20)) for n in range(3)), 64))

    assert [len(chunk) for chunk in light] == [2, 2, 1]
    assert [len(chunk) for chunk in heavy] == [1, 1, 1]


@pytest.mark.slow
def test_processes_give_what_one_gives_in_the_same_order() -> None:
    """The number of processes changes nothing."""
    decoder = NumberDecoder(unfit=100)
    memory_lock = list(decode_all(entries(500), decoder, 80, 1))
    together = list(decode_all(entries(500), decoder, 80, 2))

    assert [chunk.labels for chunk in memory_lock] == [chunk.labels for chunk in together]
    assert [chunk.skipped for chunk in memory_lock] == [chunk.skipped for chunk in together]
    for one, other in zip(memory_lock, together, strict=True):
        for mine, yours in zip(one.levels, other.levels, strict=True):
            np.testing.assert_array_equal(mine, yours)


@pytest.mark.slow
def test_no_more_is_read_than_a_few_chunks_ahead() -> None:
    """The source is asked only as fast as results are taken, so memory stays bounded."""
    asked: list[int] = []

    def watched() -> Iterator[Entry]:
        for entry in entries(10_000):
            asked.append(1)
            yield entry

    chunks = decode_all(watched(), NumberDecoder(), 2**21, 2)  # one picture in a chunk
    next(chunks)
    ahead = len(asked)
    chunks.close()

    assert ahead <= WAITING_CHUNKS * 2 + 1


@pytest.mark.slow
def test_a_process_that_dies_is_an_error_that_says_where() -> None:
    """The kernel may end a process that takes too much memory."""
    with pytest.raises(DataError, match="died between picture-64 and picture-127"):
        list(decode_all(entries(300), NumberDecoder(deadly=70), 80, 2))


@pytest.mark.slow
def test_the_processes_end_when_the_one_that_started_them_is_killed() -> None:
    """Nobody is left behind, however suddenly it came."""
    script = (
        "import multiprocessing, os, signal\n"
        "from training.data.decode import FileDecoder\n"
        "from training.data.shape import Shape\n"
        "from training.data.worker_pool import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    with worker_pool(FileDecoder(Shape(8, 1)), 2):\n"
        "        print(*(p.pid for p in multiprocessing.active_children()), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    children = [int(number) for number in done.stdout.split()]

    assert done.returncode == -signal.SIGKILL
    assert len(children) == 2
    for _ in range(300):
        if not any(running(child) for child in children):
            return
        time.sleep(0.1)
    pytest.fail("a process is still there after half a minute")


def running(process: int) -> bool:
    """Whether a process is there and not yet ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"  # a zombie waits for its parent only
