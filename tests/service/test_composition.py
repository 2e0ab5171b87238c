"""The life of the service: loading, ready, draining."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.batching.recipe import Recipe, point_of
from service.composition import Learn, Serving, available_cores
from service.errors import NotReady, QueueFull
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, wait_until

pytestmark = pytest.mark.anyio


async def ready(serving: Serving) -> Serving:
    """Start it and come back when it has loaded."""
    serving.start()
    assert serving._loading is not None
    await serving._loading
    return serving


async def test_starting_returns_before_anything_is_loaded(
    settings: Settings, painter: Painter
) -> None:
    """Health answers from the first moment."""
    gate = threading.Event()

    def open_late(*_: object) -> Painter:
        assert gate.wait(PATIENCE_S)
        return painter

    serving = Serving(settings, open_late)
    serving.start()
    with pytest.raises(NotReady, match="still loading"):
        serving.require_ready()
    serving.require_alive()
    gate.set()
    assert serving._loading is not None
    await serving._loading

    assert serving.require_ready().default == "painter-32"
    await serving.stop()


async def test_loading_happens_on_the_engines_thread(settings: Settings, painter: Painter) -> None:
    """Where batches are computed, too."""
    names: list[str] = []

    def open_here(*_: object) -> Painter:
        names.append(threading.current_thread().name)
        return painter

    serving = await ready(Serving(settings, open_here))
    await serving.stop()

    assert names == ["engine"]


async def test_what_is_learned_at_start_is_predicted(settings: Settings, painter: Painter) -> None:
    """The first `Retry-After` is no guess."""
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)

    def open_and_learn(_settings: Settings, learn: Learn) -> Painter:
        for _ in range(9):
            learn([recipe], 3.0)
        return painter

    serving = await ready(Serving(settings, open_and_learn))
    painter.gate.clear()
    asking = asyncio.create_task(serving.pipeline.render([recipe]))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    work = serving.batcher.queued_work_s()
    painter.gate.set()
    await asking
    await serving.stop()

    assert pytest.approx(3.0, abs=1.0) == work


async def test_a_queue_with_enough_work_refuses_more_until_it_is_done(
    settings: Settings, painter: Painter
) -> None:
    """Although there are places; and `Retry-After` is what is queued."""
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)

    def open_and_learn(_settings: Settings, learn: Learn) -> Painter:
        for _ in range(9):
            learn([recipe], 3.0)
        return painter

    few = settings.model_copy(update={"queue_work_s": 5.0, "deadline_s": 1e6})
    serving = await ready(Serving(few, open_and_learn))
    painter.gate.clear()
    serving.batcher.submit([recipe], 1e12)
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    serving.batcher.submit([recipe] * 2, 1e12)
    with pytest.raises(QueueFull, match="5 s may be queued") as full:
        await serving.pipeline.render([recipe] * 6)
    painter.gate.set()
    await serving.stop()

    assert full.value.retry_after_s is not None
    assert full.value.retry_after_s >= 3


async def test_draining_is_told_before_it_ends(settings: Settings, painter: Painter) -> None:
    """A balancer has time to look elsewhere; twice is as good as once."""
    serving = await ready(Serving(settings, lambda *_: painter))
    serving.begin_drain()
    serving.begin_drain()
    with pytest.raises(NotReady, match="shutting down"):
        serving.require_ready()
    await serving.stop()
    wait_until(lambda: not serving.batcher.alive)

    with pytest.raises(NotReady, match="the engine's thread has ended"):
        serving.require_alive()


async def test_it_can_stop_while_it_loads(settings: Settings, painter: Painter) -> None:
    """Nobody waits for models that nobody will ask for."""
    gate = threading.Event()

    def open_late(*_: object) -> Painter:
        assert gate.wait(PATIENCE_S)
        return painter

    serving = Serving(settings, open_late)
    serving.start()
    await asyncio.sleep(0)
    await serving.stop()
    gate.set()
    wait_until(lambda: not serving.batcher.alive)

    with pytest.raises(NotReady):
        _ = serving.catalogue


def test_there_is_a_core() -> None:
    """At least the one this runs on."""
    assert available_cores() >= 1
