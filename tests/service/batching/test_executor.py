"""The outcome of each image of a batch: delivered, computed in parts, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from models.picture import Pixels
from service.batching.engine import DeviceLost
from service.batching.executor import LENIENCY, RAISE_AFTER, BatchExecutor, BatchSizeLimit, refuse
from service.batching.predictor import WorkPredictor
from service.batching.queue import PendingImage
from service.batching.recipe import Recipe, point_of
from service.errors import Draining, EngineFailed, EngineLost, MemoryTooSmall
from tests.service.function_engine import FunctionEngine
from tests.service.painter import PATIENCE_S


class Small:
    """An engine with memory for so many images at a time, which remembers what it was asked."""

    def __init__(self, room: int, too_large: int | None = None) -> None:
        self.room = room
        self.too_large = too_large
        self.sizes: list[int] = []

    def __call__(self, recipes: list[Recipe]) -> list[Pixels]:
        """The images, each with its seed in it."""
        self.sizes.append(len(recipes))
        seeds = [recipe.point.start for recipe in recipes]
        if len(recipes) > self.room or self.too_large in seeds:
            raise MemoryError("no room")
        return [np.full((1, 1, 1), seed, np.uint8) for seed in seeds]


class Tally:
    """Notes what it is told of batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.errors: list[Exception] = []

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """A batch was computed."""
        self.sizes.append(len(recipes))

    def batch_failed(self, error: Exception) -> None:
        """The engine raised."""
        self.errors.append(error)


Run = Callable[[list[Recipe]], Sequence[Pixels]]


class Bench:
    """An executor with its parts, around a function that computes batches on a real thread."""

    def __init__(self, run: Run, most: int = 8, now: Sequence[float] = (0.0,)) -> None:
        def clock() -> float:
            return now[0]

        self.tally, self.limit = Tally(), BatchSizeLimit(most)
        self.engine = FunctionEngine(run, clock)
        self.executor = BatchExecutor(self.engine, self.tally, WorkPredictor(), self.limit, clock)
        self.engine.start()

    def execute(self, batch: list[PendingImage]) -> bool:
        """Compute a batch; returns whether the engine can go on."""
        done: Future[bool] = Future()
        self.executor.execute(batch, done.set_result)
        return done.result(PATIENCE_S)


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """Makes benches, whose threads end with the test."""
    made: list[Bench] = []

    def make(run: Run, most: int = 8, now: Sequence[float] = (0.0,)) -> Bench:
        made.append(Bench(run, most, now))
        return made[-1]

    yield make
    for each in made:
        each.engine.stop()
        assert each.engine.ended(PATIENCE_S)


MakeBench = Callable[..., Bench]


def claimed(count: int, resolution: int = 64) -> list[PendingImage]:
    """Tickets as they leave the line, seeds from 0."""
    tickets = [PendingImage(Recipe("m", point_of(n), resolution), 1e9, 0.0) for n in range(count)]
    for ticket in tickets:
        ticket.image.set_running_or_notify_cancel()
    return tickets


def seed_in(ticket: PendingImage) -> int:
    """What the engine wrote into the image."""
    return int(ticket.image.result(0).pixels[0, 0, 0])


def test_a_batch_too_large_for_the_memory_is_computed_in_parts(bench: MakeBench) -> None:
    """Everyone gets their own image, and later batches are as small as was needed."""
    engine = Small(room=2)
    made = bench(engine)
    batch = claimed(8)
    assert made.execute(batch)

    assert [seed_in(ticket) for ticket in batch] == list(range(8))
    assert engine.sizes == [8, 4, 2, 2, 2, 2]
    assert made.limit.size == 2
    assert [type(error) for error in made.tally.errors] == [MemoryError, MemoryError]
    assert [ticket.image.result(0).batch_size for ticket in batch] == [2] * 8


def test_an_image_that_does_not_fit_alone_fails_alone(bench: MakeBench) -> None:
    """It says what to do; the others of its batch are delivered."""
    made = bench(Small(room=8, too_large=3))
    batch = claimed(6)
    assert made.execute(batch)

    with pytest.raises(MemoryTooSmall, match="of 64 px.*smaller resolution"):
        seed_in(batch[3])
    assert [seed_in(t) for n, t in enumerate(batch) if n != 3] == [0, 1, 2, 4, 5]
    assert sum(made.tally.sizes) == 5


@pytest.mark.parametrize("room", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_whatever_fits_every_image_is_delivered_once(
    bench: MakeBench, count: int, room: int
) -> None:
    """In batches of no more than there is room for."""
    made = bench(Small(room))
    batch = claimed(count)
    assert made.execute(batch)

    assert [seed_in(ticket) for ticket in batch] == list(range(count))
    assert sum(made.tally.sizes) == count
    assert max(made.tally.sizes) <= room
    assert made.limit.size == (8 if count <= room else max(made.tally.sizes))


def test_full_batches_that_fit_raise_the_cap_again(bench: MakeBench) -> None:
    """One more is tried in the end."""
    made = bench(Small(room=4))
    made.execute(claimed(8))
    for _ in range(RAISE_AFTER):
        made.execute(claimed(4))

    assert made.limit.size == 5


def test_a_lost_device_fails_its_batch_and_ends_the_engine(bench: MakeBench) -> None:
    """What is computed later is refused: only a new process helps."""

    def spoiled(_: object) -> list[Pixels]:
        raise DeviceLost("an illegal memory access")

    made = bench(spoiled)
    batch = claimed(2)
    assert not made.execute(batch)
    later = claimed(1)
    assert not made.execute(later)

    for ticket in batch:
        with pytest.raises(EngineFailed):
            seed_in(ticket)
    with pytest.raises(EngineLost) as lost:
        seed_in(later[0])
    assert lost.value.retry_after_s
    assert [type(error) for error in made.tally.errors] == [DeviceLost]


def test_an_image_that_was_given_up_meanwhile_is_no_fault(bench: MakeBench) -> None:
    """The rest of the batch is delivered."""
    made = bench(Small(room=8))
    batch = claimed(2)
    assert refuse(batch[0].image, Draining("too late"))
    assert not refuse(batch[0].image, Draining("told already"))
    assert made.execute(batch)

    assert seed_in(batch[1]) == 1
    assert made.tally.sizes == [2]
    with pytest.raises(Draining):
        seed_in(batch[0])


def test_a_batch_may_take_some_times_what_is_predicted(bench: MakeBench) -> None:
    """Before that it is not overdue: 1024 px take 1.05 s each by the first guess."""
    now = [0.0]
    overdue: list[float] = []

    def slow(recipes: list[Recipe]) -> list[Pixels]:
        for now[0] in (LENIENCY * 2.0, LENIENCY * 2.2):
            overdue.append(made.engine.status().overdue_s)
        return Small(room=8)(recipes)

    made = bench(slow, now=now)
    made.execute(claimed(2, resolution=1024))

    assert overdue[0] == 0.0
    assert overdue[1] == pytest.approx(LENIENCY * (2.2 - 2 * 1.048576))


def test_parts_that_wait_behind_a_lost_device_are_refused(bench: MakeBench) -> None:
    """A batch that was cut loses no image when the engine ends in the middle of it."""

    def small_then_spoiled(recipes: list[Recipe]) -> list[Pixels]:
        if len(recipes) > 2:
            raise MemoryError("no room")
        raise DeviceLost("an illegal memory access")

    made = bench(small_then_spoiled)
    batch = claimed(4)
    assert not made.execute(batch)

    assert [type(ticket.image.exception(0)) for ticket in batch] == [EngineFailed] * 4


# ----------------------------------------------------------------------------------------
# The size that a batch may have


def test_it_falls_at_once_and_never_below_one() -> None:
    """One image is always tried."""
    limit = BatchSizeLimit(8)
    limit.lower(4)
    assert limit.size == 4
    limit.lower(0)
    assert limit.size == 1


def test_it_never_rises_by_being_lowered() -> None:
    """A part of a batch may be larger than what has failed since."""
    limit = BatchSizeLimit(8)
    limit.lower(2)
    limit.lower(4)

    assert limit.size == 2


def test_it_rises_by_one_after_many_full_batches_and_not_above_what_is_set() -> None:
    """Memory that another process held may be free again."""
    limit = BatchSizeLimit(3)
    limit.lower(2)
    for _ in range(RAISE_AFTER - 1):
        limit.succeeded(2)
    assert limit.size == 2
    limit.succeeded(2)
    assert limit.size == 3
    for _ in range(2 * RAISE_AFTER):
        limit.succeeded(3)
    assert limit.size == 3


def test_only_full_batches_count() -> None:
    """That small ones fit says nothing of large ones."""
    limit = BatchSizeLimit(8)
    limit.lower(4)
    for _ in range(2 * RAISE_AFTER):
        limit.succeeded(3)

    assert limit.size == 4


def test_a_failure_begins_the_count_anew() -> None:
    """It rises again only after as many full batches as at first."""
    limit = BatchSizeLimit(8)
    limit.lower(4)
    for _ in range(RAISE_AFTER - 1):
        limit.succeeded(4)
    limit.lower(4)
    limit.succeeded(4)

    assert limit.size == 4
