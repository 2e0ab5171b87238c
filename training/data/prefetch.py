"""Reading of the next batch on a thread, while the device computes.

Owns the thread and the guess of the next batch. The order of pictures is a pure function of the
position, so the guess is right except where a level ends; then the batch is read when it is asked
for. Knows no device.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from models.picture import Pixels
from training.data.stream import ALL, ImageStream, Indices


class BatchPlace(NamedTuple):
    """Arguments of `ImageStream.batch`."""

    resolution: int
    start: int
    size: int
    first: int | None  # of the share
    step: int | None


class Batch(NamedTuple):
    """Pictures `[n, H, W, C]` and their classes `[n]`, None without classes."""

    pixels: Pixels
    classes: Indices | None


class BatchReader:
    """Reads the batches of a stream; with `ahead`, the likely next one on a thread.

    Args:
        stream: used by this reader only.
        ahead: True where something else than this thread computes meanwhile.

    Attributes:
        stream: that is read.
    """

    def __init__(self, stream: ImageStream, *, ahead: bool) -> None:
        self.stream = stream
        self._thread = ThreadPoolExecutor(1, "batches") if ahead else None
        self._next: tuple[BatchPlace, Future[Batch]] | None = None

    def read(self, resolution: int, start: int, size: int, share: slice = ALL) -> Batch:
        """Return the batch of these arguments of `ImageStream.batch`."""
        place = BatchPlace(resolution, start, size, share.start, share.step)
        if self._thread is None:
            return _read(self.stream, place)
        if self._next is None or self._next[0] != place:
            self._next = (place, self._thread.submit(_read, self.stream, place))
        batch = self._next[1].result()
        after = place._replace(start=start + size)
        self._next = (after, self._thread.submit(_read, self.stream, after))
        return batch

    def use(self, stream: ImageStream) -> None:
        """Read another stream from now on."""
        self.stream, self._next = stream, None

    def close(self) -> None:
        """End the thread after the batch that it reads."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)


def _read(stream: ImageStream, place: BatchPlace) -> Batch:
    share = slice(place.first, None, place.step)
    pixels = stream.batch(place.resolution, place.start, place.size, share)
    return Batch(pixels, stream.labels(place.start, place.size, share))
