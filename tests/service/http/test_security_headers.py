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


# ----------------------------------------------------------------------------------------
# Scripts of other sites: none by default, those that are named, or all

SITE = "https://one.example"
FROM_SITE = {"Origin": SITE}


def test_no_script_of_another_site_reads_anything_by_default(client: TestClient) -> None:
    """There is not even a word of it."""
    answer = client.get("/images/7", headers=FROM_SITE)

    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_named_site_reads_a_picture_and_what_is_told_of_it(
    settings: Settings, painter: Painter
) -> None:
    """Every header that a picture carries beyond the usual ones."""
    with service_with(painter, settings.model_copy(update={"cors_origins": (SITE,)})) as client:
        answer = client.get("/images/7", headers=FROM_SITE)

    assert answer.headers["access-control-allow-origin"] == SITE
    assert "Origin" in answer.headers["vary"]
    exposed = {name.lower() for name in answer.headers["access-control-expose-headers"].split(", ")}
    own = {name for name in answer.headers if name.startswith("x-")} - {"x-content-type-options"}
    assert own | {"etag", "server-timing", "x-label"} <= exposed
    assert len(own) == 5


def test_a_refusal_can_be_read_too(settings: Settings, painter: Painter) -> None:
    """With the time after which to try again."""
    with service_with(painter, settings.model_copy(update={"cors_origins": ("*",)})) as client:
        answer = client.get("/images/7?resolution=5", headers=FROM_SITE)

    assert answer.status_code == 422
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(("origin", "status"), [(SITE, 200), ("https://two.example", 400)])
def test_a_browser_that_asks_first_is_told(
    settings: Settings, painter: Painter, origin: str, status: int
) -> None:
    """Nothing is computed for the question."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-request-id",
    }
    with service_with(painter, settings.model_copy(update={"cors_origins": (SITE,)})) as client:
        answer = client.options("/generate", headers=asked)

    assert answer.status_code == status
    assert ("access-control-allow-origin" in answer.headers) == (status == 200)
    assert answer.headers["x-request-id"]
    assert painter.seeds == []
