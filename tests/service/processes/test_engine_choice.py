"""The choice of an engine: equal pictures first, then the least work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.errors import EngineSilent, NotReady
from service.processes.engine_choice import EngineChoice
from service.processes.engine_link import EngineLink
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter
from tests.service.processes.connected import connected
from tests.service.processes.test_remote_renderer import front_end, recipes_of

pytestmark = pytest.mark.anyio


async def test_an_engine_that_makes_other_pictures_gets_no_requests_and_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Its self-test had another digest, though its card is the same."""
    one, two = Painter(), Painter()
    async with front_end(settings, one, two) as (renderer, _, links):
        pinned = one.cards[0].pinned_name
        info = links[1].model(pinned)
        assert info is not None
        links[1]._models[pinned] = replace(info, self_test="another")
        for seed in range(4):
            await renderer.render(recipes_of(one, seed), PATIENCE_S)

    assert (len(one.seeds), two.seeds) == (4, [])
    assert caplog.text.count("makes other pictures") == 1


async def test_only_engines_that_have_the_model_and_answer_are_chosen(
    settings: Settings, painter: Painter
) -> None:
    """The error says which of both is missing."""
    async with connected(settings, painter) as (_, link):
        choice, names = EngineChoice(stall_s=60.0), [painter.cards[0].pinned_name]
        assert choice.choose([link], names) is link
        stranger = EngineLink(b"", 2**20)
        assert choice.choose([stranger, link], names) is link
        with pytest.raises(NotReady, match="other@0 was unloaded"):
            choice.choose([link], ["other@0"])
        link._clock = lambda: 1e9
        with pytest.raises(EngineSilent):
            choice.choose([link], names)
