"""The renderer of a front end: which engine it asks, and what it says when none answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from service.batching.recipe import Recipe, point_of
from service.errors import (
    DeadlinePassed,
    Draining,
    EngineFailed,
    EngineLost,
    EngineSilent,
    NotReady,
)
from service.processes.engine_link import EngineLink
from service.processes.remote_renderer import RemoteRenderer
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, paint
from tests.service.processes.connected import MEMORY_BYTES, ServedEngine, served_engines, until

pytestmark = pytest.mark.anyio

STALL_S = 60.0


def recipes_of(painter: Painter, *seeds: int) -> list[Recipe]:
    """Recipes of the painter's model."""
    return [Recipe(painter.cards[0].pinned_name, point_of(seed), 32) for seed in seeds]


@asynccontextmanager
async def front_end(
    settings: Settings, *painters: Painter
) -> AsyncGenerator[tuple[RemoteRenderer, list[ServedEngine], list[EngineLink]]]:
    """A renderer that is connected to an engine for each painter."""
    async with served_engines(settings, *painters) as engines:
        links = [EngineLink(engine.address, MEMORY_BYTES) for engine in engines]
        renderer = RemoteRenderer(links, STALL_S)
        renderer.start()
        await until(lambda: all(link.catalogue for link in links))
        try:
            yield renderer, engines, links
        finally:
            await renderer.stop(PATIENCE_S)


async def test_requests_go_to_the_engine_with_the_least_predicted_work(
    settings: Settings,
) -> None:
    """What was asked for a moment ago counts, too; the pixels are the same."""
    painters = [Painter(), Painter()]
    async with front_end(settings, *painters) as (renderer, _, _):
        renderer.require_ready()
        for painter in painters:
            painter.gate.clear()
        recipes = recipes_of(painters[0], *range(8))
        asked = [asyncio.create_task(renderer.render([each], PATIENCE_S)) for each in recipes]
        await until(lambda: all(painter.batches for painter in painters))
        for painter in painters:
            painter.gate.set()
        images = [(await each)[0].pixels.tobytes() for each in asked]
        await until(lambda: renderer.load().queued_images == 0)  # of the next report

    assert images == [paint(recipe).tobytes() for recipe in recipes]
    assert [len(painter.seeds) for painter in painters] == [4, 4]


async def test_a_silent_engine_is_avoided_and_without_another_it_is_told(
    settings: Settings,
) -> None:
    """It is stopped, or its processor is lost; its clients are told in time."""
    async with front_end(settings, Painter(), Painter()) as (renderer, engines, links):
        recipes = recipes_of(engines[0].painter, 1)
        links[0]._clock = lambda: 1e9
        await renderer.render(recipes, PATIENCE_S)
        assert engines[1].painter.seeds == [1]
        renderer.require_ready()
        links[1]._clock = lambda: 1e9
        with pytest.raises(EngineSilent, match="has not answered"):
            await renderer.render(recipes, PATIENCE_S)
        with pytest.raises(NotReady, match="has not answered"):
            renderer.require_ready()
        renderer.require_alive()


async def test_while_engines_start_and_start_again_it_is_not_ready(settings: Settings) -> None:
    """With a Retry-After from the last start."""
    engine = ServedEngine(settings, Painter())
    link = EngineLink(engine.address, MEMORY_BYTES)
    renderer = RemoteRenderer([link], STALL_S)
    renderer.start()
    recipes = recipes_of(engine.painter, 1)
    for ask in (renderer.require_ready, lambda: renderer.catalogue):
        with pytest.raises(NotReady, match="still loading") as loading:
            ask()
        assert loading.value.retry_after_s
    with pytest.raises(NotReady, match="still loading"):
        await renderer.render(recipes, PATIENCE_S)
    await engine.start()
    await until(lambda: link.catalogue is not None)
    assert len(await renderer.render(recipes, PATIENCE_S)) == 1
    await engine.end()
    await until(lambda: link.report is None)
    with pytest.raises(NotReady, match="being started again") as again:
        renderer.require_ready()
    with pytest.raises(EngineLost, match="being started again"):
        await renderer.render(recipes, PATIENCE_S)
    assert again.value.retry_after_s
    await renderer.stop(PATIENCE_S)
    assert renderer.ended(0)
    engine.listener.close()


async def test_a_model_that_is_held_stays_and_one_that_is_gone_is_told(
    settings: Settings, painter: Painter
) -> None:
    """As with an engine in the same process."""
    async with front_end(settings, painter) as (renderer, engines, _):
        pinned = painter.cards[0].pinned_name
        inner = engines[0].renderer
        assert inner is not None
        with renderer.using(pinned):
            await until(lambda: inner.registry._in_use[pinned] == 1)
        await until(lambda: inner.registry._in_use[pinned] == 0)
        with pytest.raises(NotReady, match="send it again"), renderer.using("other@0"):
            pass
        with pytest.raises(NotReady, match="send it again"):
            await renderer.render([Recipe("other@0", point_of(1), 32)], PATIENCE_S)


async def test_errors_deadlines_and_the_end_are_those_of_the_engine(
    settings: Settings, painter: Painter
) -> None:
    """A passed deadline is told by the engine; a drain finishes what was admitted."""
    async with front_end(settings, painter) as (renderer, _, _):
        painter.faults[13] = ValueError("a fault")
        with pytest.raises(EngineFailed):
            await renderer.render(recipes_of(painter, 13), PATIENCE_S)
        painter.gate.clear()
        painter.entered.clear()
        admitted = asyncio.create_task(renderer.render(recipes_of(painter, 1), PATIENCE_S))
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        with pytest.raises(DeadlinePassed, match="within 0.05 s"):
            await renderer.render(recipes_of(painter, 2), 0.05)
        stopping = asyncio.create_task(renderer.stop(PATIENCE_S))
        await asyncio.sleep(0)
        with pytest.raises(Draining):
            await renderer.render_bulk(recipes_of(painter, 3))
        painter.gate.set()
        assert len(await admitted) == 1
        assert await stopping == 0


async def test_what_is_abandoned_is_refused_at_once(settings: Settings, painter: Painter) -> None:
    """At the end of the drain limit."""
    async with front_end(settings, painter) as (renderer, _, _):
        painter.gate.clear()
        waiting = asyncio.create_task(renderer.render(recipes_of(painter, 1), PATIENCE_S))
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        number = renderer.abandon(lambda: Draining("over"))
        with pytest.raises(Draining, match="over"):
            await waiting
        painter.gate.set()

    assert number == 1
