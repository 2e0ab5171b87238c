"""What browsers may do: on pictures, problems, and answers to what no route knows."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.http.security_headers import HEADERS, SecurityHeadersMiddleware, content_policy
from service.settings import Settings
from tests.service.painter import Painter, service_with


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/images/7", 200),
        ("GET", "/images/7?resolution=5", 422),
        ("GET", "/nowhere", 404),
        ("DELETE", "/models", 405),
        ("GET", "/metrics", 200),
        ("GET", "/web/page.js", 200),
    ],
)
def test_every_answer_carries_the_headers(
    client: TestClient, method: str, path: str, status: int
) -> None:
    """Refusals, too; pages alone have a wider policy."""
    answer = client.request(method, path)

    assert answer.status_code == status
    assert HEADERS.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()


def test_a_fault_carries_them_too(settings: Settings, painter: Painter) -> None:
    """The layer lies outside of the one that answers for unexpected errors."""
    painter.faults[7] = ValueError("broken")
    with service_with(painter, settings) as client:
        answer = client.get("/images/7")

    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_tells_of_the_server(client: TestClient) -> None:
    """Neither name nor version."""
    assert "server" not in client.get("/models").headers


def test_a_content_policy_allows_what_is_named_and_nothing_else() -> None:
    """Directives are written with hyphens; the closed ones are always there."""
    assert content_policy(img_src="'self'") == (
        "default-src 'none'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@pytest.mark.anyio
async def test_what_an_answer_says_is_kept_and_other_traffic_is_passed_on() -> None:
    """A page has a policy of its own; the lifespan has no headers."""
    sent: list[Message] = []
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])
        if scope["type"] == "http":
            await Response(headers={"Referrer-Policy": "origin"})(scope, receive, send)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    for kind in ("lifespan", "http"):
        await SecurityHeadersMiddleware(app)({"type": kind}, receive, send)

    assert seen == ["lifespan", "http"]
    headers = dict(sent[0]["headers"])
    assert headers[b"referrer-policy"] == b"origin"
    assert headers[b"x-content-type-options"] == b"nosniff"
