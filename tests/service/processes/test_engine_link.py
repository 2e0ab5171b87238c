"""A front end's connection to an engine: pixels, blocks, the end of the engine and its return."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from service.batching.recipe import Recipe, point_of
from service.batching.waiting import NOTHING
from service.errors import EngineFailed, EngineLost, QueueFull
from service.processes.engine_link import EngineLink
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, paint
from tests.service.processes.connected import connected, until

pytestmark = pytest.mark.anyio

ONE = 32 * 32 * 3  # bytes of a picture


async def ask(link: EngineLink, painter: Painter, *seeds: int, bulk: bool = False) -> list[bytes]:
    """The pixels of some seeds at 32 px."""
    recipes = [Recipe(painter.cards[0].pinned_name, point_of(seed), 32) for seed in seeds]
    info = link.model(recipes[0].model)
    assert info is not None
    timeout_s = None if bulk else PATIENCE_S
    images = await link.render(recipes, [info] * len(recipes), timeout_s, None, NOTHING)
    return [image.pixels.tobytes() for image in images]


def painted(painter: Painter, *seeds: int) -> list[bytes]:
    """What it must be."""
    name = painter.cards[0].pinned_name
    return [paint(Recipe(name, point_of(seed), 32)).tobytes() for seed in seeds]


async def test_pixels_come_through_shared_memory_and_blocks_come_back(
    settings: Settings, painter: Painter
) -> None:
    """Of both priorities, and many at once."""
    async with connected(settings, painter) as (_, link):
        answers = await asyncio.gather(*(ask(link, painter, n, n + 1) for n in range(30)))
        bulk = await ask(link, painter, 5, bulk=True)
        used = link.used_bytes

    assert answers == [painted(painter, n, n + 1) for n in range(30)]
    assert bulk == painted(painter, 5)
    assert used == 0


async def test_full_memory_refuses_a_request_and_lets_bulk_work_wait(
    settings: Settings, painter: Painter
) -> None:
    """Nothing is written where another picture is awaited."""
    async with connected(settings, painter, memory_bytes=3 * ONE) as (_, link):
        painter.gate.clear()
        held = asyncio.create_task(ask(link, painter, 1, 2, 3))
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        with pytest.raises(QueueFull, match=f"{3 * ONE} of {3 * ONE} bytes") as full:
            await ask(link, painter, 4)
        waiting = asyncio.create_task(ask(link, painter, 5, 6, bulk=True))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        painter.gate.set()
        images = await held + await waiting
        with pytest.raises(QueueFull):
            await ask(link, painter, 7, 8, 9, 10)
        used = link.used_bytes

    assert images == painted(painter, 1, 2, 3, 5, 6)
    assert full.value.retry_after_s
    assert used == 0


async def test_a_block_of_a_request_that_was_given_up_is_free_only_when_the_engine_has_answered(
    settings: Settings, painter: Painter
) -> None:
    """It may be writing there."""
    async with connected(settings, painter) as (_, link):
        painter.gate.clear()
        gone = asyncio.create_task(ask(link, painter, 1))
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        gone.cancel()
        await asyncio.wait([gone])
        assert link.used_bytes == ONE
        painter.gate.set()
        await until(lambda: link.used_bytes == 0)
        assert await ask(link, painter, 2) == painted(painter, 2)


async def test_an_engine_that_ends_fails_what_it_had_and_is_used_again_when_it_is_back(
    settings: Settings, painter: Painter
) -> None:
    """Its clients are told when to come again."""
    async with connected(settings, painter) as (engine, link):
        painter.gate.clear()
        lost = asyncio.create_task(ask(link, painter, 1))
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        await engine.end()
        with pytest.raises(EngineLost, match="being started again") as error:
            await lost
        assert (link.report, link.catalogue, link.used_bytes) == (None, None, 0)
        engine.painter = again = Painter()
        await engine.start()
        await until(lambda: link.catalogue is not None)
        images = await ask(link, again, 1, 2)

    assert error.value.retry_after_s is not None
    assert images == painted(painter, 1, 2)


async def test_an_error_of_the_engine_is_that_of_its_pictures_alone(
    settings: Settings, painter: Painter
) -> None:
    """The connection goes on."""
    async with connected(settings, painter) as (_, link):
        painter.faults[13] = ValueError("a fault")
        with pytest.raises(EngineFailed):
            await ask(link, painter, 13)
        assert await ask(link, painter, 14) == painted(painter, 14)


async def test_memory_that_the_system_refuses_is_told_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No try leaves a descriptor open, of which there would soon be no more."""
    caplog.set_level(logging.DEBUG)
    link = EngineLink(b"", 2**62)
    before = len([*Path("/proc/self/fd").iterdir()])
    running = asyncio.get_running_loop().create_task(link.run())
    await until(lambda: caplog.text.count("no connection to the engine") >= 3)
    running.cancel()
    await asyncio.wait([running])

    assert len([*Path("/proc/self/fd").iterdir()]) == before
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(errors) == 1
    assert f"refuses {2**62} bytes of shared memory" in errors[0]
    assert "PROGAN_UNENCODED_BYTES" in errors[0]
