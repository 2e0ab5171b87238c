"""The stream of a data set: in order, bounded, and cancelled with its reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.datasets.archives import ZipArchive
from service.datasets.dataset import Dataset, PictureEntry
from service.datasets.stream import (
    GROUP,
    GROUPS_AHEAD,
    DatasetStream,
    group_size,
    groups_of,
    joined,
)
from service.errors import EngineFailed
from tests.service.dataset_files import painted_dataset, whole
from tests.service.painter import PATIENCE_S, card_named, paint

pytestmark = pytest.mark.anyio

AHEAD = GROUP * GROUPS_AHEAD


class Studio:
    """Renders at once, or when its gate opens; notes what it was asked for and what was left."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.cancelled = 0
        self.faulty: int | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The pictures of a group."""
        self.asked += [recipe.point.start for recipe in recipes]
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.faulty in self.asked:
            raise EngineFailed("this picture fails")
        return [paint(recipe) for recipe in recipes]

    async def encode(self, jobs: Sequence[Callable[[], PictureEntry]]) -> list[PictureEntry]:
        """A group of files."""
        return [job() for job in jobs]


def stream_of(dataset: Dataset, studio: Studio) -> DatasetStream:
    """A ZIP file of a data set under way."""
    return DatasetStream(dataset, ZipArchive(dataset), studio.render, studio.encode)


async def test_the_bytes_are_those_of_the_archive() -> None:
    """Whatever the groups are."""
    dataset = painted_dataset(90, 2 * AHEAD + 3)
    stream = stream_of(dataset, Studio())
    await stream.start(PATIENCE_S)
    content = b"".join([piece async for piece in stream.pieces()])

    assert content == whole(dataset, ZipArchive(dataset))
    assert stream.done == dataset.count


async def test_no_more_is_made_than_a_few_groups_ahead_of_the_reader() -> None:
    """The bound is on pictures under way, however long the reader waits and however many follow."""
    studio = Studio()
    stream = stream_of(painted_dataset(0, 1000), studio)
    await stream.start(PATIENCE_S)
    read = 0
    async for _ in stream.pieces():
        for _ in range(20):
            await asyncio.sleep(0)  # everything that can go on, goes on
        read = stream.done
        assert len(studio.asked) <= read + AHEAD
        assert stream.pictures_ahead <= AHEAD
        if read == 100:
            break
    await stream.close()

    assert read == 100
    assert studio.asked == list(range(len(studio.asked)))


async def test_a_reader_that_leaves_cancels_all_that_is_under_way() -> None:
    """Nothing is rendered for nobody."""
    studio = Studio()
    stream = stream_of(painted_dataset(0, 1000), studio)
    studio.gate.clear()
    await stream.start(0.01)
    await stream.close()

    assert studio.cancelled == GROUPS_AHEAD
    assert stream.pictures_ahead == 0


async def test_a_fault_at_the_beginning_is_told_before_a_byte_is_sent() -> None:
    """So that it can be answered as an error."""
    studio = Studio()
    studio.faulty = 3
    stream = stream_of(painted_dataset(0, 50), studio)
    with pytest.raises(EngineFailed):
        await stream.start(PATIENCE_S)
    await stream.close()


async def test_a_fault_under_way_leaves_the_first_seed_that_is_missing() -> None:
    """All pictures before its group were handed over."""
    studio = Studio()
    studio.faulty = 30
    stream = stream_of(painted_dataset(0, 50), studio)
    await stream.start(PATIENCE_S)
    with pytest.raises(EngineFailed):
        _ = [piece async for piece in stream.pieces()]
    await stream.close()

    assert stream.next_seed <= 30


def test_groups_are_all_seeds_in_order() -> None:
    """The last one may be shorter."""
    groups = list(groups_of(range(5, 5 + 2 * GROUP + 1), GROUP))

    assert [len(group) for group in groups] == [GROUP, GROUP, 1]
    assert [seed for group in groups for seed in group] == list(range(5, 5 + 2 * GROUP + 1))


def test_groups_of_large_pictures_are_smaller() -> None:
    """What is under way is bounded in bytes, too: two mebibytes of pixels, or one picture."""
    assert [group_size(3 * side**2) for side in (4, 256, 512, 1024, 4096)] == [8, 8, 2, 1, 1]


def test_pixels_of_16_bits_have_two_bytes() -> None:
    """Each; they count towards the bytes of a group."""
    deep = card_named("scans-32", channels=1, value_range=(0.0, 1.0))

    assert painted_dataset(card=deep).pixel_bytes == 4 * 4 * 2
    assert painted_dataset().pixel_bytes == 4 * 4 * 3


def test_small_pieces_are_joined() -> None:
    """Without losing a byte."""
    pieces = [b"ab"] * 7

    assert list(joined(iter(pieces), 4)) == [b"abab"] * 3 + [b"ab"]
    assert list(joined(iter([]), 4)) == []
