"""Scripts of other sites: none by default, those that are named, or all."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from service.settings import Settings
from tests.service.painter import Painter, service_with

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
