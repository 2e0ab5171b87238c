"""The life of the service: loading, ready, draining."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.batching.recipe import Recipe, point_of
from service.composition import Learn, ServiceRuntime, available_cores
from service.errors import NotReady, QueueFull
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, wait_until

pytestmark = pytest.mark.anyio


async def ready(runtime: ServiceRuntime) -> ServiceRuntime:
    """Start it and come back when it has loaded."""
    runtime.start()
    assert runtime._loading is not None
    await runtime._loading
    return runtime


async def test_starting_returns_before_anything_is_loaded(
    settings: Settings, painter: Painter
) -> None:
    """Health answers from the first moment."""
    gate = threading.Event()

    def open_late(*_: object) -> Painter:
        assert gate.wait(PATIENCE_S)
        return painter

    runtime = ServiceRuntime(settings, open_late)
    runtime.start()
    with pytest.raises(NotReady, match="still loading"):
        runtime.require_ready()
    runtime.require_alive()
    gate.set()
    assert runtime._loading is not None
    await runtime._loading

    assert runtime.require_ready().default == "painter-32"
    await runtime.stop()


async def test_loading_happens_on_the_engines_thread(settings: Settings, painter: Painter) -> None:
    """Where batches are computed, too."""
    names: list[str] = []

    def open_here(*_: object) -> Painter:
        names.append(threading.current_thread().name)
        return painter

    runtime = await ready(ServiceRuntime(settings, open_here))
    await runtime.stop()

    assert names == ["engine"]


async def test_what_is_learned_at_start_is_predicted(settings: Settings, painter: Painter) -> None:
    """The first `Retry-After` is no guess."""
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)

    def open_and_learn(_settings: Settings, learn: Learn) -> Painter:
        for _ in range(9):
            learn([recipe], 3.0)
        return painter

    runtime = await ready(ServiceRuntime(settings, open_and_learn))
    painter.gate.clear()
    asking = asyncio.create_task(runtime.pipeline.render([recipe]))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    work = runtime.batcher.queued_work_s()
    painter.gate.set()
    await asking
    await runtime.stop()

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
    runtime = await ready(ServiceRuntime(few, open_and_learn))
    painter.gate.clear()
    runtime.batcher.submit([recipe], 1e12)
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    runtime.batcher.submit([recipe] * 2, 1e12)
    with pytest.raises(QueueFull, match="5 s may be queued") as full:
        await runtime.pipeline.render([recipe] * 6)
    painter.gate.set()
    await runtime.stop()

    assert full.value.retry_after_s is not None
    assert full.value.retry_after_s >= 3


async def test_draining_is_told_before_it_ends(settings: Settings, painter: Painter) -> None:
    """A balancer has time to look elsewhere; twice is as good as once."""
    runtime = await ready(ServiceRuntime(settings, lambda *_: painter))
    runtime.begin_drain()
    runtime.begin_drain()
    with pytest.raises(NotReady, match="shutting down"):
        runtime.require_ready()
    await runtime.stop()
    wait_until(lambda: not runtime.batcher.alive)

    with pytest.raises(NotReady, match="the engine's thread has ended"):
        runtime.require_alive()


async def test_it_can_stop_while_it_loads(settings: Settings, painter: Painter) -> None:
    """Nobody waits for models that nobody will ask for."""
    gate = threading.Event()

    def open_late(*_: object) -> Painter:
        assert gate.wait(PATIENCE_S)
        return painter

    runtime = ServiceRuntime(settings, open_late)
    runtime.start()
    await asyncio.sleep(0)
    await runtime.stop()
    gate.set()
    wait_until(lambda: not runtime.batcher.alive)

    with pytest.raises(NotReady):
        _ = runtime.catalogue


def test_there_is_a_core() -> None:
    """At least the one this runs on."""
    assert available_cores() >= 1
