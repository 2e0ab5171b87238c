"""The renderer within this process: its models and its end."""

from __future__ import annotations

import pytest

from service.batching.recipe import Recipe, point_of
from service.errors import Draining, NotReady
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, started

pytestmark = pytest.mark.anyio


async def test_what_it_holds_no_longer_is_refused(settings: Settings, painter: Painter) -> None:
    """A model that was unloaded, and everything at its end."""
    renderer = await started(settings, painter)
    with pytest.raises(NotReady, match="send it again"):
        await renderer.render([Recipe("other@0", point_of(1), 32)], PATIENCE_S)
    renderer.stop_admitting()
    with pytest.raises(Draining):
        await renderer.render([Recipe(painter.cards[0].pinned_name, point_of(1), 32)], PATIENCE_S)
    await renderer.stop(PATIENCE_S)
