"""Operations on a port of their own: what moves there, what stays, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from bench.service_process import free_port
from service.app import create_app
from service.composition import ServiceRuntime
from service.http.operations_server import run_operations_server
from service.settings import Settings
from tests.journeys.server import PATIENCE_S, Server, ready_server
from tests.service.painter import Painter, service_with

MOVED = ("/metrics", "/docs", "/openapi.json", "/docs/swagger-ui.css")
ON_BOTH = ("/health/live", "/health/ready", "/web/docs.js")


@pytest.fixture
def both(painter: Painter, settings: Settings) -> Iterator[tuple[TestClient, httpx2.Client]]:
    """A client of each port of one service."""
    port = free_port()
    apart = settings.model_copy(update={"operations_port": port})
    with (
        service_with(painter, apart) as pictures,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as operations,
    ):
        yield pictures, operations


def test_metrics_and_description_move_and_health_is_on_both(
    both: tuple[TestClient, httpx2.Client],
) -> None:
    """What has moved is a problem like any other path that is not there."""
    pictures, operations = both

    assert [pictures.get(path).status_code for path in MOVED] == [404] * len(MOVED)
    assert [operations.get(path).status_code for path in MOVED] == [200] * len(MOVED)
    for client in both:
        assert [client.get(path).status_code for path in ON_BOTH] == [200] * len(ON_BOTH)
    assert pictures.get("/").status_code == pictures.get("/images/7").status_code == 200
    refused = operations.get("/images/7")
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_description_is_of_the_routes_with_the_pictures(
    both: tuple[TestClient, httpx2.Client],
) -> None:
    """And says that they are elsewhere."""
    described = both[1].get("/openapi.json").json()

    assert {"/generate", "/images/{seed}", "/interpolate"} <= described["paths"].keys()
    assert described["x-served-here"] is False


def test_metrics_of_one_port_count_requests_of_the_other(
    both: tuple[TestClient, httpx2.Client],
) -> None:
    """It is one process."""
    pictures, operations = both
    pictures.get("/images/7")
    told = operations.get("/metrics").text

    assert 'progan_requests_total{method="GET",route="/images/{seed}",status="200"} 1.0' in told
    assert operations.get("/metrics").headers["x-content-type-options"] == "nosniff"


def test_without_the_setting_there_is_one_port(client: TestClient) -> None:
    """With everything on it."""
    assert [client.get(path).status_code for path in (*MOVED, *ON_BOTH)] == [200] * 7


@pytest.mark.anyio
async def test_the_second_port_closes_with_its_block(settings: Settings) -> None:
    """And the signals stay with the first."""
    port = free_port()
    runtime = ServiceRuntime(settings.model_copy(update={"operations_port": port}))
    handler = signal.getsignal(signal.SIGTERM)
    async with run_operations_server(create_app(settings), runtime):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        assert signal.getsignal(signal.SIGTERM) is handler
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_a_drain_can_be_watched_on_the_second_port(bundles: Path, tmp_path: Path) -> None:
    """The first says 'not ready' as well, and both end with the process."""
    first, second = free_port(), free_port()
    with ready_server(
        bundles,
        tmp_path / "log",
        port=str(first),
        operations_port=str(second),
        drain_grace_s="600",
    ) as server:
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("draining")
        with ExitStack() as stack:
            for port in (first, second):
                client = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}"))
                assert client.get("/health/ready").status_code == 503
                assert client.get("/health/live").status_code == 200
            assert "progan_queue_depth" in client.get("/metrics").text
        assert server.client.get("/images/7").status_code == 200  # until the grace is over
        server.process.send_signal(signal.SIGTERM)  # a second signal ends it at once
        assert server.process.wait(PATIENCE_S) == 128 + signal.SIGTERM


def test_a_second_port_that_is_taken_ends_the_start(bundles: Path, tmp_path: Path) -> None:
    """With the reason in the log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match="is taken.*PROGAN_OPERATIONS_PORT=9000"):
            Server(bundles, tmp_path / "log", operations_port=port)
