"""One replica without Ray: its start, its health and its queued work."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient

from service.cluster.replica import QUEUED_S, ReplicaService, replica_settings
from service.cluster.shared_state import ClusterState
from service.errors import NotReady
from service.settings import Settings
from tests.service.cluster.connected import Clock, asking
from tests.service.painter import Painter

pytestmark = pytest.mark.anyio


def replica(settings: Settings, painter: Painter) -> ReplicaService:
    """A replica with a shared state of its own."""
    clock = Clock()
    state = ClusterState(settings, clock)
    clock.now += 60
    return ReplicaService(asking(state), settings, painter.open)


def test_threads_are_those_of_the_replicas_cores() -> None:
    """Unless they are set: several replicas share a machine."""
    assert replica_settings(Settings(replica_cpus=3)).threads == 3
    assert replica_settings(Settings(replica_cpus=3)).encoders == 3
    assert replica_settings(Settings(replica_cpus=3, threads=2, encoders=1)).threads == 2


def test_it_starts_ready_and_answers_as_the_service_does(
    settings: Settings, painter: Painter
) -> None:
    """The application is told as started when its models are loaded."""
    service = replica(settings, painter)
    with TestClient(service.application()) as client:
        answer = client.get("/images/7", headers={"X-Request-ID": "mine"})
        assert answer.status_code == 200
        assert answer.headers["x-seed"] == "7"
        assert client.get("/health/ready").json()["default"] == "painter-32"
        assert "x-request-id" in client.get("/images/7", headers={"X-Request-ID": "a b"}).headers
        assert client.get("/status").json()["ready"] is True
        asyncio.run(service.check_health())
        assert asyncio.run(service.record_autoscaling_stats()) == {QUEUED_S: 0.0}
    with pytest.raises(NotReady, match="shutting down"):
        asyncio.run(service.check_health())


def test_a_replica_that_cannot_become_ready_says_why(settings: Settings, painter: Painter) -> None:
    """Its start ends, so that Ray reads the reason from its health."""
    painter.start_fault = RuntimeError("no such device")
    service = replica(settings, painter)
    with (
        TestClient(service.application()),
        pytest.raises(NotReady, match="no such device"),
    ):
        asyncio.run(service.check_health())


def test_a_replica_that_differs_is_unhealthy(settings: Settings, painter: Painter) -> None:
    """With the sentence that says by what."""
    service = replica(settings, painter)
    with TestClient(service.application()) as client:
        service.state.fault = "painter-32@0: this replica would make other pictures"
        assert client.get("/images/7").status_code == 503
        with pytest.raises(NotReady, match="would make other pictures"):
            asyncio.run(service.check_health())
