"""Waiting on the event loop: order, windows, deadlines, cancelled tasks, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from models.picture import Pixels
from service.batching.batcher import Batcher
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue
from service.batching.recipe import Recipe, point_of
from service.batching.waiting import drain, wait_for_bulk, wait_for_images
from service.errors import DeadlinePassed, Draining, EngineFailed, QueueFull
from service.operations.metrics import Metrics
from tests.service.painter import PATIENCE_S, Painter, paint

pytestmark = pytest.mark.anyio


@pytest.fixture
def batcher(painter: Painter) -> Iterator[Batcher]:
    """A batcher in front of `painter`, for at most eight who wait."""
    predictor = WorkPredictor()
    queue = AdmissionQueue(capacity=8, max_batch=4, max_work_s=1e9, predictor=predictor)
    batcher = Batcher(painter, queue, predictor, Metrics())
    painter.start()
    painter.loaded = {card.pinned_name: card for card in painter.cards}
    yield batcher
    painter.gate.set()
    batcher.stop()


def recipes(painter: Painter, *seeds: int) -> list[Recipe]:
    """One recipe for each seed."""
    return [Recipe(painter.cards[0].pinned_name, point_of(seed), 4) for seed in seeds]


async def test_images_come_in_the_order_of_their_recipes(
    painter: Painter, batcher: Batcher
) -> None:
    """Whichever batch each was in."""
    wanted = recipes(painter, *range(7))

    images = await wait_for_images(batcher, wanted, PATIENCE_S)

    assert [paint(r).tolist() for r in wanted] == [i.pixels.tolist() for i in images]


async def test_a_walk_larger_than_the_line_goes_through_in_its_window(
    painter: Painter, batcher: Batcher
) -> None:
    """It never has more than its window waiting."""
    wanted = recipes(painter, *range(50))
    depths: list[int] = []
    paint_batch = painter.paint_batch

    def watch(batch: Sequence[Recipe]) -> list[Pixels]:
        depths.append(sum(batcher.depths().values()) + len(batch))
        return paint_batch(batch)

    painter.paint_batch = watch  # type: ignore[method-assign]
    images = await wait_for_images(batcher, wanted, PATIENCE_S, window=5)

    assert [paint(r).tolist() for r in wanted] == [i.pixels.tolist() for i in images]
    assert max(depths) <= 5


async def test_others_get_their_turn_while_a_walk_is_under_way(
    painter: Painter, batcher: Batcher
) -> None:
    """A single image overtakes the frames that have not yet entered the line."""
    painter.gate.clear()
    walk = asyncio.create_task(wait_for_images(batcher, recipes(painter, *range(40)), 60, window=4))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    single = asyncio.create_task(wait_for_images(batcher, recipes(painter, 999), PATIENCE_S))
    await asyncio.sleep(0)
    painter.gate.set()
    await asyncio.gather(walk, single)

    assert painter.seeds.index(999) <= 8


async def test_a_deadline_takes_the_rest_out_of_the_line(
    painter: Painter, batcher: Batcher
) -> None:
    """What was not begun is never computed."""
    painter.gate.clear()
    with pytest.raises(DeadlinePassed, match=r"within 0\.05 s"):
        await wait_for_images(batcher, recipes(painter, *range(8)), 0.05)
    painter.gate.set()
    await wait_for_images(batcher, recipes(painter, 99), PATIENCE_S)

    assert {4, 5, 6, 7}.isdisjoint(painter.seeds)


async def test_a_deadline_reads_the_same_whoever_looks_at_the_clock_first(
    painter: Painter, batcher: Batcher
) -> None:
    """The engine's thread may find a ticket too late before the event loop does."""
    batcher._clock = lambda: 1e12
    with pytest.raises(
        DeadlinePassed, match=f"the picture was not ready within {PATIENCE_S} s"
    ) as late:
        await wait_for_images(batcher, recipes(painter, 1), PATIENCE_S)

    assert late.value.retry_after_s is not None
    assert painter.seeds == []


async def test_a_cancelled_task_takes_its_recipes_out_of_the_line(
    painter: Painter, batcher: Batcher
) -> None:
    """A client that has gone costs nothing more."""
    painter.gate.clear()
    first = asyncio.create_task(wait_for_images(batcher, recipes(painter, 1), PATIENCE_S))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    gone = asyncio.create_task(wait_for_images(batcher, recipes(painter, 2, 3), PATIENCE_S))
    await asyncio.sleep(0)
    assert sum(batcher.depths().values()) == 2
    gone.cancel()
    await asyncio.wait([gone])
    painter.gate.set()
    await first

    assert [1] == painter.seeds
    assert batcher.depths() == {}


async def test_a_request_too_large_for_the_line_is_refused_at_once(
    painter: Painter, batcher: Batcher
) -> None:
    """Nothing of it is computed."""
    with pytest.raises(QueueFull) as raised:
        await wait_for_images(batcher, recipes(painter, *range(9)), PATIENCE_S)

    assert raised.value.retry_after_s == 1
    assert painter.seeds == []


async def test_one_failed_image_fails_its_request_alone(painter: Painter, batcher: Batcher) -> None:
    """The next request is served."""
    painter.faults[3] = ValueError("cursed")
    with pytest.raises(EngineFailed):
        await wait_for_images(batcher, recipes(painter, *range(8)), PATIENCE_S)

    (image,) = await wait_for_images(batcher, recipes(painter, 42), PATIENCE_S)

    assert paint(recipes(painter, 42)[0]).tolist() == image.pixels.tolist()


async def test_draining_finishes_what_was_admitted(painter: Painter, batcher: Batcher) -> None:
    """And then the engine ends."""
    painter.gate.clear()
    admitted = asyncio.create_task(
        wait_for_images(batcher, recipes(painter, *range(6)), PATIENCE_S)
    )
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    ending = asyncio.create_task(drain(batcher, PATIENCE_S))
    await asyncio.sleep(0)
    with pytest.raises(Draining):
        await wait_for_images(batcher, recipes(painter, 7), PATIENCE_S)
    painter.gate.set()

    assert await ending == 0
    assert len(await admitted) == 6
    assert painter.ended(PATIENCE_S)


async def test_draining_gives_up_after_its_limit(painter: Painter, batcher: Batcher) -> None:
    """An engine that hangs does not keep the process; its clients are told."""
    painter.gate.clear()
    held = asyncio.create_task(wait_for_images(batcher, recipes(painter, *range(4)), PATIENCE_S))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    waiting = asyncio.create_task(wait_for_images(batcher, recipes(painter, 9), PATIENCE_S))
    await asyncio.sleep(0)

    assert await drain(batcher, 0.05) == 1
    with pytest.raises(Draining):
        await waiting
    painter.gate.set()
    assert len(await held) == 4


async def test_bulk_images_come_in_order_and_without_a_place_in_the_line(
    painter: Painter, batcher: Batcher
) -> None:
    """More of them than may wait."""
    wanted = recipes(painter, *range(30))

    images = await wait_for_bulk(batcher, wanted)

    assert [paint(r).tolist() for r in wanted] == [i.pixels.tolist() for i in images]


async def test_a_cancelled_task_takes_its_bulk_images_out(
    painter: Painter, batcher: Batcher
) -> None:
    """All but the batch that runs."""
    painter.gate.clear()
    task = asyncio.create_task(wait_for_bulk(batcher, recipes(painter, *range(30))))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    task.cancel()
    await asyncio.wait([task])
    painter.gate.set()
    (image,) = await wait_for_images(batcher, recipes(painter, 99), PATIENCE_S)

    assert image.batch_size == 1
    assert painter.seeds[-1] == 99
    assert len(painter.seeds) <= 1 + 4
