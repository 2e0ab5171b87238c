"""The protocol of renderers, on the one within this process."""

from __future__ import annotations

import asyncio

import pytest

from service.batching.recipe import Recipe, point_of
from service.errors import NotReady
from service.rendering.renderer import Renderer
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, paint, started

pytestmark = pytest.mark.anyio


async def test_it_renders_both_priorities_and_tells_its_load(
    settings: Settings, painter: Painter
) -> None:
    """By the protocol alone, as front ends use it."""
    renderer: Renderer = await started(settings, painter)
    renderer.require_ready()
    renderer.require_alive()
    recipes = [Recipe(painter.cards[0].pinned_name, point_of(n), 32) for n in range(3)]
    painter.gate.clear()
    first = asyncio.create_task(renderer.render(recipes[:1], PATIENCE_S))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    walk = asyncio.create_task(renderer.render(recipes, PATIENCE_S, window=2))
    await asyncio.sleep(0)
    load = renderer.load()
    painter.gate.set()
    images = [*await first, *await walk, *await renderer.render_bulk(recipes[2:])]
    given_up = await renderer.stop(PATIENCE_S)
    assert renderer.ended(PATIENCE_S)

    asked = [recipes[0], *recipes, recipes[2]]
    assert [image.pixels.tobytes() for image in images] == [paint(r).tobytes() for r in asked]
    assert load.queued_images == 2
    assert load.queued_s > 0
    assert renderer.load().images_per_s > 0
    assert given_up == 0
    with pytest.raises(NotReady, match="has ended"):
        renderer.require_alive()
