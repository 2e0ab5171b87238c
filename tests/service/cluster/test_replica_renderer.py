"""The renderer of a replica: what other replicas serve, and the end of one that differs."""

from __future__ import annotations

import asyncio

import pytest

from service.cluster.replica_renderer import ReplicaRenderer
from service.cluster.shared_state import ClusterState
from service.errors import NotReady, UnknownModel
from service.operations.metrics import Metrics
from service.settings import Settings
from tests.service.cluster.connected import Clock, side_of, until
from tests.service.painter import Painter

pytestmark = pytest.mark.anyio


async def rendering(settings: Settings, painter: Painter) -> ReplicaRenderer:
    """A renderer that has loaded its models, with a shared state that knows all replicas."""
    clock = Clock()
    state = ClusterState(settings, clock)
    clock.now += 60
    side = side_of(state, settings, "a")
    renderer = ReplicaRenderer(settings, painter.open, Metrics(), side)
    renderer.start()
    await until(lambda: not renderer.is_loading)
    return renderer


async def test_a_digest_of_another_replica_is_not_unknown(
    settings: Settings, painter: Painter
) -> None:
    """A client that has seen it there is asked to come again; others hear that there is none."""
    renderer = await rendering(settings, painter)
    pinned = painter.cards[0].pinned_name
    assert renderer.catalogue.find(pinned).pinned_name == pinned
    assert renderer.catalogue is renderer.catalogue
    with pytest.raises(UnknownModel):
        renderer.catalogue.find("painter-32@new")

    renderer._state.elsewhere = frozenset({"painter-32@new"})
    with pytest.raises(NotReady, match="served by another replica") as refused:
        renderer.catalogue.find("painter-32@new")
    assert refused.value.retry_after_s
    with pytest.raises(UnknownModel):
        renderer.catalogue.find("painter-32@older")
    await renderer.stop(0)
    await asyncio.sleep(0)


async def test_a_replica_that_differs_answers_nothing(settings: Settings, painter: Painter) -> None:
    """Not one wrong picture until it is replaced."""
    renderer = await rendering(settings, painter)
    renderer._state.fault = "this replica would make other pictures"
    with pytest.raises(NotReady, match="other pictures"):
        _ = renderer.catalogue
    with pytest.raises(NotReady, match="other pictures"):
        renderer.require_ready()
    await renderer.stop(0)
