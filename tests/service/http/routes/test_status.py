"""`GET /status`: what an open page shows, in every phase of the service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi.testclient import TestClient

from service.app import create_app
from service.composition import ServiceRuntime
from service.credentials.manifest import VERSION
from service.operations.metrics import REASONS
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, card_named, local, service_with, wait_until


def status_of(client: TestClient) -> Any:
    """The status, which nobody may store."""
    answer = client.get("/status")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.json()


def test_a_ready_service_says_what_it_has_and_does(settings: Settings) -> None:
    """Models, an empty queue, and nothing that a stranger must not know."""
    cards = (card_named("aaa-8", 8), card_named("personas-16", 16))
    with service_with(Painter(*cards), settings) as client:
        status = status_of(client)

    assert status.pop("uptime_s") >= 0
    assert status == {
        "version": VERSION,
        "ready": True,
        "queue": {"pictures": 0, "seconds": 0.0, "capacity": 256, "capacity_s": 20.0},
        "pictures_a_second": 0.0,
        "refused": dict.fromkeys(REASONS, 0),
        "default": "personas-16",
        "models": ["aaa-8", "personas-16"],
    }


def test_pictures_and_refusals_of_the_last_minute_are_counted(
    painter: Painter, settings: Settings
) -> None:
    """By reason; what the client can mend is no refusal."""
    limited = settings.model_copy(update={"rate_limit": "9/minute"})
    with service_with(painter, limited) as client:
        before = status_of(client)
        assert client.post("/generate?count=16&resolution=8").status_code == 200
        assert client.get("/images/7?resolution=5").status_code == 422
        after = status_of(client)
        while client.get("/images/7").status_code != 429:
            pass
        refused = client.get("/status")

    assert before["pictures_a_second"] == 0.0
    assert 0 < after["pictures_a_second"] <= 16
    assert after["refused"] == dict.fromkeys(REASONS, 0)
    assert refused.status_code == 429  # counted as every route
    recent = client.app_state["runtime"].metrics.recent_refusals.totals()
    assert recent == {"rate_limit": 2}


def test_what_waits_is_told(painter: Painter, client: TestClient) -> None:
    """While the engine is at work."""
    batcher = local(client.app_state["runtime"]).batcher
    painter.gate.clear()
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(client.post, "/generate?count=20&resolution=8")
        wait_until(lambda: sum(batcher.depths().values()) == 12)
        status = status_of(client)
        painter.gate.set()
        assert asked.result(PATIENCE_S).status_code == 200

    assert status["queue"]["pictures"] == 12
    assert status["queue"]["seconds"] > 0
    assert status_of(client)["queue"]["pictures"] == 0


def test_it_is_answered_while_models_load_and_while_the_service_ends(
    painter: Painter, settings: Settings
) -> None:
    """Not ready, and without a word of folders or devices."""
    painter.opening.clear()
    runtime = ServiceRuntime(settings, painter.open)
    with TestClient(create_app(settings, runtime)) as client:
        loading = status_of(client)
        painter.opening.set()
        wait_until(lambda: status_of(client)["ready"])
        runtime.begin_drain()
        ending = status_of(client)

    assert (loading["ready"], loading["models"], loading["default"]) == (False, [], None)
    assert (ending["ready"], ending["models"]) == (False, ["painter-32"])


def test_without_a_model_it_says_so(settings: Settings) -> None:
    """The real loader, on an empty folder."""
    with TestClient(create_app(settings)) as client:
        wait_until(lambda: "no bundle" in client.get("/health/ready").json()["detail"])
        status = status_of(client)

    assert (status["ready"], status["default"], status["models"]) == (False, None, [])
    assert str(settings.bundles[0]) not in str(status)
