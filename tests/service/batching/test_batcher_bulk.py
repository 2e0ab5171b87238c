"""Bulk images in the batcher: they wait for all requests, and hold up none."""

from __future__ import annotations

import pytest

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.errors import (
    Draining,
)
from tests.service.batching.stamping import (
    NEVER,
    PATIENCE_S,
    Stamp,
    hold,
    recipes,
    running,
    seed_in,
)


def test_a_request_goes_before_the_bulk_images_that_wait() -> None:
    """It waits for the batch that runs, and nothing else."""
    engine = Stamp()
    order: list[list[int]] = []

    def run(batch: list[Recipe]) -> list[Pixels]:
        order.append([recipe.point.start for recipe in batch])
        return engine(batch)

    with running(run) as (batcher, *_):
        engine.gate.clear()
        first = batcher.submit_bulk(recipes(100))
        assert engine.entered.acquire(timeout=PATIENCE_S)
        rest = batcher.submit_bulk(recipes(101, 102))
        (request,) = batcher.submit(recipes(7), NEVER)
        engine.gate.set()

        assert seed_in(request) == 7
        assert [seed_in(each) for each in (*first, *rest)] == [100, 101, 102]
    assert order[:2] == [[100], [7]]


def test_bulk_images_are_no_reason_to_refuse_a_request() -> None:
    """Nor are they told as queued work, or waited for at shutdown."""
    engine = Stamp()
    with running(engine, capacity=1) as (batcher, *_):
        engine.gate.clear()
        waiting = batcher.submit_bulk(recipes(*range(100, 150)))
        assert engine.entered.acquire(timeout=PATIENCE_S)

        assert batcher.queued_work_s() == 0.0
        assert batcher.depths() == {}
        assert batcher.unfinished() == []
        (request,) = batcher.submit(recipes(7), 1e-9)  # a deadline that leaves no time to wait
        assert batcher.unfinished() == [request.image]
        engine.gate.set()
        assert seed_in(request) == 7
        assert seed_in(waiting[-1]) == 149


def test_the_wait_of_bulk_images_is_not_observed() -> None:
    """They wait on purpose, and would hide how long requests wait."""
    told: list[tuple[int, int]] = []

    with running(Stamp()) as (batcher, witness, _):
        witness.batch_done = lambda r, waits, _: told.append((len(r), len(waits)))  # type: ignore[method-assign]
        (bulk,) = batcher.submit_bulk(recipes(1))
        assert seed_in(bulk) == 1
        (request,) = batcher.submit(recipes(2), NEVER)
        assert seed_in(request) == 2

    assert told == [(1, 0), (1, 1)]


def test_draining_admits_no_bulk_images_and_stopping_gives_them_up() -> None:
    """A data set ends before the requests that were admitted."""
    engine = Stamp()
    with running(engine) as (batcher, *_):
        hold(batcher, engine)
        (waiting,) = batcher.submit_bulk(recipes(1))
        batcher.stop_admitting()
        with pytest.raises(Draining):
            batcher.submit_bulk(recipes(2))
        batcher.stop()
        engine.gate.set()

        assert isinstance(waiting.image.exception(PATIENCE_S), Draining)


def test_bulk_images_stand_aside_while_a_request_is_in_progress() -> None:
    """Also when none of its images waits; they go on with its end, or when patience ends."""
    now = [0.0]
    engine = Stamp()
    with running(engine, lambda: now[0]) as (batcher, *_):
        (first,) = batcher.submit_bulk(recipes(1))
        assert seed_in(first) == 1
        with batcher.requests.one():
            (second,) = batcher.submit_bulk(recipes(2))
            (request,) = batcher.submit(recipes(7), NEVER)
            assert seed_in(request) == 7
            assert not second.image.done()
        assert seed_in(second) == 2
        with batcher.requests.one():
            (third,) = batcher.submit_bulk(recipes(3))
            now[0] = 1.0
            (later,) = batcher.submit(recipes(8), NEVER)
            assert seed_in(later) == 8
            assert seed_in(third) == 3
