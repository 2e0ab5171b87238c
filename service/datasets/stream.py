"""The bytes of a data set, made as they are read: a few groups of pictures ahead, and no more.

Owns the groups under way and their order. While the reader does not read, nothing is rendered; when
it leaves, the groups are cancelled. Knows neither the engine nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Final

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.datasets.archives import Archive
from service.datasets.dataset import Dataset, PictureEntry

GROUP: Final = 8  # pictures that are rendered, encoded and signed as one job, at most
GROUP_BYTES: Final = 2**21  # of their pixels; a picture alone may have more
GROUPS_AHEAD: Final = 3  # under way at a time: one rendered, one encoded, one sent
DIRECTORY_BYTES: Final = 2**16  # of the end of an archive, sent at a time

RenderBulk = Callable[[Sequence[Recipe]], Awaitable[Sequence[Pixels]]]
EncodeBulk = Callable[[Sequence[Callable[[], PictureEntry]]], Awaitable[list[PictureEntry]]]


class DatasetStream:
    """One archive under way.

    Args:
        dataset: the pictures.
        archive: arranges them in a file.
        render: renders pictures; cancelled when they are no longer needed.
        encode: runs jobs, one for each picture, on another thread.

    Attributes:
        next_seed: first seed whose picture was not handed over yet.
    """

    def __init__(
        self, dataset: Dataset, archive: Archive, render: RenderBulk, encode: EncodeBulk
    ) -> None:
        self._dataset = dataset
        self._archive = archive
        self._render = render
        self._encode = encode
        self._groups = groups_of(dataset.seeds, group_size(dataset.pixel_bytes))
        self._ahead: deque[asyncio.Task[list[PictureEntry]]] = deque()
        self.next_seed = dataset.from_seed

    @property
    def done(self) -> int:
        """Number of pictures that were handed over."""
        return self.next_seed - self._dataset.from_seed

    @property
    def pictures_ahead(self) -> int:
        """Largest number of pictures that are under way now."""
        return len(self._ahead) * group_size(self._dataset.pixel_bytes)

    async def start(self, patience_s: float) -> None:
        """Begin, and wait up to `patience_s` seconds for the first pictures.

        Raises:
            ServiceError: they cannot be made; nothing was handed over.
        """
        self._fill()
        await asyncio.wait([self._ahead[0]], timeout=patience_s)
        if self._ahead[0].done():
            self._ahead[0].result()

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield all bytes of the archive, a picture at a time.

        Raises:
            ServiceError: a picture could not be made; the archive is incomplete.
        """
        yield b"".join(self._archive.begin())
        self._fill()
        while self._ahead:
            for entry in await self._ahead[0]:
                yield b"".join(self._archive.add(entry))
                self.next_seed = int(entry.record.seed) + 1
            self._ahead.popleft()
            self._fill()
        for piece in joined(self._archive.end(), DIRECTORY_BYTES):
            yield piece

    async def close(self) -> None:
        """Cancel the pictures under way."""
        for task in self._ahead:
            task.cancel()
        await asyncio.gather(*self._ahead, return_exceptions=True)
        self._ahead.clear()

    def _fill(self) -> None:
        while len(self._ahead) < GROUPS_AHEAD and (seeds := next(self._groups, None)) is not None:
            self._ahead.append(asyncio.create_task(self._make(seeds)))

    async def _make(self, seeds: range) -> list[PictureEntry]:
        dataset = self._dataset
        images = await self._render(dataset.recipes(seeds))
        pairs = zip(seeds, images, strict=True)
        return await self._encode([partial(dataset.entry_of, s, image) for s, image in pairs])


def group_size(pixel_bytes: int) -> int:
    """Return the number of pictures of a group, whose pixels have so many bytes each."""
    return max(1, min(GROUP, GROUP_BYTES // pixel_bytes))


def groups_of(seeds: range, size: int) -> Iterator[range]:
    """Yield consecutive parts of `size` seeds; the last one may be shorter."""
    return (seeds[first : first + size] for first in range(0, len(seeds), size))


def joined(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Join small pieces into pieces of at least `size` bytes; the last one may be smaller."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(waiting)
            waiting.clear()
            length = 0
    if waiting:
        yield b"".join(waiting)
