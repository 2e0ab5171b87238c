"""Decoding in several processes, in order, in bounded memory.

Owns the worker processes and the data sent between them. Knows no files to write. A worker process
exits by itself when its parent process has ended, for any reason.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Protocol

import numpy as np

from models.picture import Pixels
from training.data.decode import MemoryLock
from training.data.manifest import DataError, Skipped
from training.data.payload import bytes_in
from training.data.pyramid import halvings
from training.data.shape import UnfitPictureError
from training.data.sources.pictures import Decoder, Entry

CHUNK_PICTURES = 64
CHUNK_BYTES = 2 * 2**20  # limit for decoded pixels, and for encoded pictures
WAITING_CHUNKS = 2  # per process, so that no process has to wait


class Pipe(Protocol):
    """The parent process's end of a pipe to a worker process."""

    def send(self, chunk: list[Entry], /) -> None:
        """Send pictures to decode."""
        ...

    def recv(self) -> Chunk:
        """Wait for the decoded chunk."""
        ...

    def close(self) -> None:
        """Close the pipe; the worker process then exits."""
        ...


@dataclass(frozen=True)
class Chunk:
    """Some successive pictures after decoding.

    Attributes:
        levels: the decoded ones at every resolution, smallest first; empty if there are none.
        labels: class numbers of the decoded ones.
        skipped: the others.
        notes: irregularity -> number of decoded pictures.
    """

    levels: list[Pixels]
    labels: list[int]
    skipped: list[Skipped]
    notes: Counter[str] = field(default_factory=Counter[str])

    @property
    def count(self) -> int:
        """Number of pictures, decoded or skipped."""
        return len(self.labels) + len(self.skipped)


def decode_all(
    entries: Iterable[Entry], decoder: Decoder, picture_bytes: int, workers: int
) -> Generator[Chunk]:
    """Decode all pictures, in order, in `workers` processes (1: in the current one).

    Args:
        entries: the pictures.
        decoder: called for each of them.
        picture_bytes: size of one decoded picture; determines the size of chunks.
        workers: at least 1; does not affect the result.

    Raises:
        DataError: a process died.
    """
    chunks = group(entries, max(1, min(CHUNK_PICTURES, CHUNK_BYTES // picture_bytes)))
    if workers == 1:
        for chunk in chunks:
            yield decode_chunk(chunk, decoder, nullcontext())
        return
    with worker_pool(decoder, workers) as idle, ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[Chunk]] = deque()
        try:
            for chunk in chunks:
                waiting.append(threads.submit(submit, chunk, idle))
                if len(waiting) > WAITING_CHUNKS * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def group(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    """Split entries into chunks of at most `size`, fewer if their payloads are large."""
    chunk: list[Entry] = []
    weight = 0
    for entry in entries:
        chunk.append(entry)
        weight += bytes_in(entry.payload)
        if len(chunk) >= size or weight >= CHUNK_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def decode_chunk(entries: list[Entry], decoder: Decoder, memory_lock: MemoryLock) -> Chunk:
    """Decode some pictures and downsample them to all resolutions."""
    pixels: list[Pixels] = []
    labels: list[int] = []
    skipped: list[Skipped] = []
    notes = Counter[str]()
    for entry in entries:
        try:
            if entry.flaw:
                raise UnfitPictureError(entry.flaw)
            decoded = decoder(entry.payload, memory_lock)
            pixels.append(decoded.pixels)
            labels.append(entry.label)
            notes.update(decoded.notes)
        except UnfitPictureError as error:
            skipped.append(Skipped(entry.name, str(error)))
        except Exception as error:  # noqa: BLE001  # a broken file may raise anything
            skipped.append(Skipped(entry.name, f"cannot be read: {readable(error)}"))
    levels = halvings(np.stack(pixels), decoder.shape.resolution) if pixels else []
    return Chunk(levels, labels, skipped, notes)


def readable(error: Exception) -> str:
    """Format an error as one line of at most 200 characters."""
    return f"{type(error).__name__}: {error}"[:200].replace("\n", " ")


# ----------------------------------------------------------------------------------------
# The processes. Each has its own pipe: a closed pipe shows either side that the other has ended.


@contextmanager
def worker_pool(decoder: Decoder, workers: int) -> Generator[queue.SimpleQueue[Pipe]]:
    """Start worker processes and yield their idle pipes; terminate the processes on exit."""
    context = multiprocessing.get_context("spawn")
    memory_lock = context.Lock()
    idle: queue.SimpleQueue[Pipe] = queue.SimpleQueue()
    started: list[tuple[SpawnProcess, Pipe]] = []
    try:
        for _ in range(workers):
            near, far = context.Pipe()
            process = context.Process(
                target=decode_chunks, args=(far, decoder, memory_lock), daemon=True
            )
            process.start()
            far.close()
            started.append((process, near))
            idle.put(near)
        yield idle
    finally:
        for process, _ in started:
            process.terminate()
        for process, near in started:
            process.join()
            near.close()


def decode_chunks(pipe: Connection, decoder: Decoder, memory_lock: MemoryLock) -> None:
    """Decode chunks from the pipe until it is closed; the main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides
    try:
        while True:
            pipe.send(decode_chunk(pipe.recv(), decoder, memory_lock))
    except (EOFError, OSError):
        return  # the parent process has ended


def submit(chunk: list[Entry], idle: queue.SimpleQueue[Pipe]) -> Chunk:
    """Decode a chunk in an idle process and wait for the result.

    Raises:
        DataError: the process died.
    """
    pipe = idle.get()
    try:
        pipe.send(chunk)
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise DataError(
            f"a decoding process died between {chunk[0].name} and {chunk[-1].name}, perhaps for "
            "want of memory: try fewer --workers"
        ) from error
    finally:
        idle.put(pipe)
