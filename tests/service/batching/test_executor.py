"""What becomes of the images of a batch: delivered, computed in halves, or told why not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.picture import Pixels
from service.batching.batch_limit import RAISE_AFTER, BatchSizeLimit
from service.batching.engine import DeviceLost
from service.batching.executor import LENIENCY, BatchExecutor, refuse
from service.batching.heartbeat import Heartbeat
from service.batching.predictor import WorkPredictor
from service.batching.queue import PendingImage
from service.batching.recipe import Recipe, point_of
from service.errors import Draining, EngineFailed, MemoryTooSmall


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


def delivery_by(
    engine: object, most: int = 8, now: list[float] | None = None
) -> tuple[BatchExecutor, Tally, BatchSizeLimit, Heartbeat]:
    """A delivery with its parts."""
    tally, cap = Tally(), BatchSizeLimit(most)
    heart = Heartbeat(lambda: now[0] if now else 0.0)
    delivery = BatchExecutor(engine, tally, WorkPredictor(), heart, cap)  # type: ignore[arg-type]
    return delivery, tally, cap, heart


def claimed(count: int, resolution: int = 64) -> list[PendingImage]:
    """Tickets as they leave the line, seeds from 0."""
    tickets = [PendingImage(Recipe("m", point_of(n), resolution), 1e9, 0.0) for n in range(count)]
    for ticket in tickets:
        ticket.image.set_running_or_notify_cancel()
    return tickets


def seed_in(ticket: PendingImage) -> int:
    """What the engine wrote into the image."""
    return int(ticket.image.result(0).pixels[0, 0, 0])


def test_a_batch_too_large_for_the_memory_is_computed_in_parts() -> None:
    """Everyone gets their own image, and later batches are as small as was needed."""
    engine = Small(room=2)
    delivery, tally, cap, _ = delivery_by(engine)
    batch = claimed(8)
    delivery.execute(batch)

    assert [seed_in(ticket) for ticket in batch] == list(range(8))
    assert engine.sizes == [8, 4, 2, 2, 2, 2]
    assert cap.size == 2
    assert [type(error) for error in tally.errors] == [MemoryError, MemoryError]
    assert [ticket.image.result(0).batch_size for ticket in batch] == [2] * 8


def test_an_image_that_does_not_fit_alone_fails_alone() -> None:
    """It says what to do; the others of its batch are delivered."""
    delivery, tally, _, _ = delivery_by(Small(room=8, too_large=3))
    batch = claimed(6)
    delivery.execute(batch)

    with pytest.raises(MemoryTooSmall, match="of 64 px.*smaller resolution"):
        seed_in(batch[3])
    assert [seed_in(t) for n, t in enumerate(batch) if n != 3] == [0, 1, 2, 4, 5]
    assert sum(tally.sizes) == 5


@pytest.mark.parametrize("room", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_whatever_fits_every_image_is_delivered_once(count: int, room: int) -> None:
    """In batches of no more than there is room for."""
    delivery, tally, cap, _ = delivery_by(Small(room))
    batch = claimed(count)
    delivery.execute(batch)

    assert [seed_in(ticket) for ticket in batch] == list(range(count))
    assert sum(tally.sizes) == count
    assert max(tally.sizes) <= room
    assert cap.size == (8 if count <= room else max(tally.sizes))


def test_full_batches_that_fit_raise_the_cap_again() -> None:
    """One more is tried in the end."""
    delivery, _, cap, _ = delivery_by(Small(room=4))
    delivery.execute(claimed(8))
    for _ in range(RAISE_AFTER):
        delivery.execute(claimed(4))

    assert cap.size == 5


def test_a_lost_device_is_told_to_the_batch_and_passed_on() -> None:
    """Whoever runs the thread must end it."""

    def spoiled(_: object) -> list[Pixels]:
        raise DeviceLost("an illegal memory access")

    delivery, tally, _, _ = delivery_by(spoiled)
    batch = claimed(2)
    with pytest.raises(DeviceLost):
        delivery.execute(batch)

    for ticket in batch:
        with pytest.raises(EngineFailed):
            seed_in(ticket)
    assert [type(error) for error in tally.errors] == [DeviceLost]


def test_an_image_that_was_given_up_meanwhile_is_no_fault() -> None:
    """The rest of the batch is delivered."""
    delivery, tally, _, _ = delivery_by(Small(room=8))
    batch = claimed(2)
    assert refuse(batch[0].image, Draining("too late"))
    assert not refuse(batch[0].image, Draining("told already"))
    delivery.execute(batch)

    assert seed_in(batch[1]) == 1
    assert tally.sizes == [2]
    with pytest.raises(Draining):
        seed_in(batch[0])


def test_a_batch_may_take_some_times_what_is_predicted() -> None:
    """Before that it is not overdue: 1024 px take 1.05 s each by the first guess."""
    now = [0.0]
    overdue: list[float] = []

    def slow(recipes: list[Recipe]) -> list[Pixels]:
        for now[0] in (LENIENCY * 2.0, LENIENCY * 2.2):
            overdue.append(heart.overdue_s)
        return Small(room=8)(recipes)

    delivery, _, _, heart = delivery_by(slow, now=now)
    delivery.execute(claimed(2, resolution=1024))

    assert overdue[0] == 0.0
    assert overdue[1] == pytest.approx(LENIENCY * (2.2 - 2 * 1.048576))
