"""A replica's side of the shared state: limits of all replicas, and what is refused without it."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from service.batching.engine import BundleRefused, EngineMode, ModelInfo
from service.cluster import replica_state
from service.cluster.replica_state import ReplicaState
from service.cluster.shared_state import LEARNING_S, ClusterState
from service.errors import NotReady, RateExceeded
from service.operations.downloads import DatasetOpen
from service.operations.metrics import Metrics
from service.settings import Settings
from tests.service.cluster.connected import Clock, asking, side_of, until
from tests.service.painter import PATIENCE_S, card_named

pytestmark = pytest.mark.anyio

INFO = ModelInfo(card_named("tiny-32"), EngineMode("cpu", "fp32", "torch"), self_test="abc")
OTHER = ModelInfo(card_named("tiny-32"), EngineMode("cpu", "fp32", "torch"), self_test="xyz")


def state_of(settings: Settings) -> ClusterState:
    """A shared state that has learned who runs."""
    clock = Clock()
    state = ClusterState(settings, clock)
    clock.now += LEARNING_S
    return state


async def test_limits_hold_for_all_replicas_together(settings: Settings) -> None:
    """Requests, pictures of data sets, and one data set a client."""
    settings = settings.model_copy(update={"rate_limit": "2/hour", "dataset_rate_limit": "10/hour"})
    state = state_of(settings)
    a, b = side_of(state, settings, "a"), side_of(state, settings, "b")
    await a.take_request(None, "1.2.3.4")
    await b.take_request(None, "1.2.3.4")
    with pytest.raises(RateExceeded):
        await a.take_request(None, "1.2.3.4")

    assert a.most_pictures == 10
    a.count_pictures(None, "1.2.3.4", 8)
    await asyncio.gather(*a._tasks)
    await b.require_pictures(None, "1.2.3.4", 2)
    with pytest.raises(RateExceeded):
        await b.require_pictures(None, "1.2.3.4", 3)

    async with a.place("client", 5) as tell:
        tell(1)
        with pytest.raises(DatasetOpen):
            async with b.place("client", 5):
                pass
    await asyncio.gather(*a._tasks, *b._tasks)
    async with b.place("client", 5):
        pass


async def test_without_the_shared_state_only_what_needs_it_is_refused(settings: Settings) -> None:
    """With the time to wait: it is being started again."""

    async def lost(_method: str, *_arguments: object) -> object:
        raise ConnectionError

    limited = settings.model_copy(update={"rate_limit": "2/hour"})
    side = ReplicaState(limited, "a", lost, Metrics())
    with pytest.raises(NotReady, match="try again in a moment") as refused:
        await side.take_request(None, "1.2.3.4")
    assert refused.value.retry_after_s

    side = ReplicaState(settings, "a", lost, Metrics())
    await side.take_request(None, "1.2.3.4")
    assert side.most_pictures is None
    await side.leave()
    running = asyncio.create_task(side.run(dict, lambda: None))
    await asyncio.sleep(0.01)
    assert not running.done()
    running.cancel()


async def test_a_model_with_other_pictures_is_not_approved_of(settings: Settings) -> None:
    """The replica remembers why, and is unhealthy from then on."""
    state = state_of(settings)
    a, b = side_of(state, settings, "a"), side_of(state, settings, "b")
    await a.approve(INFO)
    with pytest.raises(BundleRefused, match="self-test 'abc', here 'xyz'"):
        await b.approve(OTHER)

    assert a.fault is None
    assert b.fault is not None
    assert "this replica would make other pictures" in b.fault


async def test_approval_waits_until_the_shared_state_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model is served only after it was compared."""
    monkeypatch.setattr(replica_state, "FIRST_UNKNOWN_S", 0.01)
    state = state_of(settings)
    answering = asyncio.Event()

    async def ask(method: str, *arguments: object) -> object:
        if not answering.is_set():
            raise ConnectionError
        return await asking(state)(method, *arguments)

    side = ReplicaState(settings, "a", ask, Metrics())
    approving = asyncio.create_task(side.approve(INFO))
    await asyncio.sleep(0.05)
    assert not approving.done()
    answering.set()
    await asyncio.wait_for(approving, PATIENCE_S)


async def test_beats_tell_metrics_and_models_and_hear_of_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of a call to look for models, once."""
    monkeypatch.setattr(replica_state, "REPLICA_BEAT_S", 0.01)
    state = state_of(settings)
    a, b = side_of(state, settings, "a"), side_of(state, settings, "b")
    a._metrics.images.labels("tiny-32", 32).inc(5)
    looks: list[str] = []
    running = [
        asyncio.create_task(a.run(lambda: {"tiny-32": INFO}, lambda: looks.append("a"))),
        asyncio.create_task(b.run(dict, lambda: looks.append("b"))),
    ]

    await until(lambda: b.elsewhere == frozenset({INFO.pinned_name}) and a._scans == b._scans == 0)
    await state.look_for_models()
    await until(lambda: sorted(looks) == ["a", "b"])
    registry = CollectorRegistry()
    registry.register(await b.metrics())
    assert b'progan_images_total{model="tiny-32",resolution="32"} 5.0' in generate_latest(registry)
    assert await b.recent_refusals() is not None
    for task in running:
        task.cancel()
