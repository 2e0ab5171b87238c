"""The health check against a real server on a free port."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from docker.alive import is_alive, port_of
from service.environment import read_settings
from tests.http_listener import listening


@contextmanager
def answering(status: int) -> Generator[int]:
    """A server that answers every request with `status`; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            right = self.path == "/health/live"
            self.send_response(status if right else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output quiet."""

    with listening(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield server.server_port


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (404, False)])
def test_alive_is_what_health_live_says(status: int, alive: bool) -> None:
    """Only 200 counts."""
    with answering(status) as port:
        assert is_alive(port) is alive


def test_nobody_listening_is_not_alive() -> None:
    """A refused connection is an answer, too."""
    with answering(200) as port:
        pass
    assert is_alive(port) is False


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with http_proxy set still asks itself."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(200) as port:
        assert is_alive(port) is True


@pytest.mark.parametrize(
    ("environment", "port"),
    [
        ({}, 8000),
        ({"PROGAN_PORT": "9000", "PORT": "1"}, 9000),
        ({"PROGAN_PORT": "tcp://10.0.0.1:8000"}, 8000),
        ({"PROGAN_PORT": "tcp://10.0.0.1:8000", "PORT": "9000"}, 9000),
        ({"PROGAN_PORT": " "}, 8000),
    ],
)
def test_the_port_is_the_one_the_service_takes(environment: dict[str, str], port: int) -> None:
    """What Kubernetes puts there for a service named progan is no port."""
    assert port_of(environment) == port
    assert read_settings(environment, Path("no-such-folder/.env"))[0].port == port
