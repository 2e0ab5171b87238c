"""The state that all replicas share: who is first, who has ended, and what is counted."""

from __future__ import annotations

import msgspec
import pytest

from service.cluster.messages import BeatAnswer, MetricsAnswer, ReplicaBeat, Verdict
from service.cluster.shared_state import LEARNING_S, REMEMBERED, SILENT_S, ClusterState
from service.operations.merged_metrics import snapshot_of
from service.operations.metrics import Metrics
from service.settings import Settings
from tests.service.cluster.connected import Clock

pytestmark = pytest.mark.anyio

FACTS = ["AVX2", "fp32", "torch", "exact", "off", "abc"]
OTHERS = [*FACTS[:-1], "xyz"]


async def beat(
    state: ClusterState, name: str, models: dict[str, list[str]] | None = None, *, served: int = 0
) -> BeatAnswer:
    """Tell the state of a replica that has computed `served` images."""
    metrics = Metrics()
    metrics.images.labels("tiny", 32).inc(served)
    told = ReplicaBeat(snapshot_of(metrics.registry), {"deadline": 1}, models or {})
    answer = await state.beat(name, msgspec.msgpack.encode(told))
    return msgspec.msgpack.decode(answer, type=BeatAnswer)


def refusal(answer: bytes) -> str | None:
    """The sentence of a verdict."""
    verdict = msgspec.msgpack.decode(answer, type=Verdict)
    return verdict.refusal.detail if verdict.refusal else None


async def images(state: ClusterState) -> float:
    """The sum of all images that were computed."""
    answer = msgspec.msgpack.decode(await state.metrics(), type=MetricsAnswer)
    samples = [s for m in answer.metrics if m.name == "progan_images" for s in m.samples]
    return sum(s.value for s in samples if s.name == "progan_images_total")


async def test_the_first_replica_decides_and_another_kind_is_refused(settings: Settings) -> None:
    """Of those that start at once, the first to have loaded it; of those that run, the oldest."""
    clock = Clock()
    state = ClusterState(settings, clock)
    assert "not known yet" in str(refusal(await state.propose("a", "tiny@0", FACTS)))
    clock.now += LEARNING_S

    assert refusal(await state.propose("a", "tiny@0", FACTS)) is None
    assert "self-test 'abc', here 'xyz'" in str(refusal(await state.propose("b", "tiny@0", OTHERS)))
    assert refusal(await state.propose("c", "tiny@0", FACTS)) is None
    assert refusal(await state.propose("b", "new@0", OTHERS)) is None


async def test_replicas_that_run_are_first_after_a_restart_of_the_state(settings: Settings) -> None:
    """It waits for them; one that turns out to differ is told with its next beat."""
    clock = Clock()
    state = ClusterState(settings, clock)
    assert (await beat(state, "old", {"tiny@0": FACTS})).fault is None

    assert "here 'xyz'" in str(refusal(await state.propose("new", "tiny@0", OTHERS)))
    answer = await beat(state, "odd", {"tiny@0": OTHERS})
    assert answer.fault is not None
    assert "here 'xyz'" in answer.fault
    assert answer.models == ["tiny@0"]


async def test_a_silent_replica_has_ended_and_its_counters_stay(settings: Settings) -> None:
    """A killed replica says no farewell; one that was only silent is not counted twice."""
    clock = Clock()
    state = ClusterState(settings, clock)
    await beat(state, "a", {"tiny@0": FACTS}, served=3)
    await beat(state, "b", served=4)
    assert await images(state) == 7
    clock.now += SILENT_S + 1

    assert (await beat(state, "b", served=5)).models == []
    assert await images(state) == 8
    assert (await beat(state, "a", served=6)).models == []
    assert await images(state) == 11
    await state.leave("a")
    assert await images(state) == 11
    for number in range(REMEMBERED + 1):
        await beat(state, f"short-{number}", served=1)
        await state.leave(f"short-{number}")
    assert await images(state) == 11 + REMEMBERED + 1


async def test_the_place_of_a_data_set_is_free_when_its_replica_has_ended(
    settings: Settings,
) -> None:
    """One place in all replicas together."""
    clock = Clock()
    state = ClusterState(settings.model_copy(update={"max_datasets": 1}), clock)
    assert refusal(await state.take_place("a", 1, "client", 10)) is None
    await state.tell_sent("a", 1, 5)
    await state.tell_sent("gone", 1, 5)
    assert refusal(await state.take_place("b", 1, "other", 10)) is not None

    clock.now += SILENT_S + 1
    await beat(state, "b")
    assert refusal(await state.take_place("b", 2, "other", 10)) is None
    await state.leave_place("b", 2)
    await state.leave_place("b", 2)
    assert refusal(await state.take_place("b", 3, "other", 10)) is None


async def test_a_call_to_look_reaches_each_beat(settings: Settings) -> None:
    """The number of calls grows; a replica compares it with the last one that it heard."""
    state = ClusterState(settings, Clock())
    before = (await beat(state, "a")).scans
    await state.look_for_models()

    assert (await beat(state, "a")).scans == (await beat(state, "b")).scans == before + 1
