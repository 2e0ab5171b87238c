"""Health and metrics, as supervisors and Prometheus see them."""

from __future__ import annotations

import shutil

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.composition import ServiceRuntime
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, local, wait_until, write_card

CONTRACT = {
    "progan_requests",
    "progan_request_duration_seconds",
    "progan_images",
    "progan_queue_depth",
    "progan_queue_wait_seconds",
    "progan_queued_work_seconds",
    "progan_batch_size",
    "progan_batch_duration_seconds",
    "progan_encode_duration_seconds",
    "progan_refused",
    "progan_engine_errors",
    "progan_engine_heartbeat_age_seconds",
    "progan_selftest_ok",
    "progan_model_info",
}


def test_a_ready_service_says_what_it_serves(client: TestClient, painter: Painter) -> None:
    """Pinned names, the default, and what was refused."""
    answer = client.get("/health/ready")

    assert answer.json() == {
        "status": "ready",
        "default": "painter-32",
        "models": [painter.cards[0].pinned_name],
        "refused": {},
        "leaving": [],
    }


def test_while_loading_it_is_alive_and_not_ready(painter: Painter, settings: Settings) -> None:
    """And says so to whoever asks for a picture."""
    painter.opening.clear()
    with TestClient(create_app(settings, ServiceRuntime(settings, painter.open))) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        for path in ("/health/ready", "/images/1", "/models"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "2"
            assert "still loading" in answer.json()["detail"]
        painter.opening.set()
        wait_until(lambda: client.get("/health/ready").status_code == 200)


def test_without_a_bundle_it_lives_and_says_what_to_do(settings: Settings) -> None:
    """The real loader, on an empty folder."""
    with TestClient(create_app(settings)) as client:
        wait_until(lambda: "no bundle" in client.get("/health/ready").json()["detail"])

        assert "set PROGAN_BUNDLES" in client.get("/health/ready").json()["detail"]
        assert client.get("/health/live").status_code == 200
        assert client.get("/images/1").status_code == 503


def test_a_refused_bundle_is_seen_in_readiness(settings: Settings) -> None:
    """Also when it was the only one."""
    (folder,) = settings.bundles
    write_card(folder / "bad-32", "unfit: it is truncated")
    write_card(folder / "good-32", "good-32")
    for status in (200, 503):
        runtime = ServiceRuntime(settings, lambda *_: Painter())
        with TestClient(create_app(settings, runtime)) as client:
            wait_until(lambda c=client: "loading" not in c.get("/health/ready").text)
            answer = client.get("/health/ready")

            assert answer.status_code == status
            assert answer.json()["refused"] == {"bad-32": "unfit: it is truncated"}
        shutil.rmtree(folder / "good-32", ignore_errors=True)


def test_an_engine_that_cannot_start_is_told(settings: Settings, painter: Painter) -> None:
    """A wrong device, say."""
    painter.start_fault = ValueError("PROGAN_DEVICE 'gpu7' is no device")
    with TestClient(create_app(settings, ServiceRuntime(settings, painter.open))) as client:
        wait_until(lambda: "gpu7" in client.get("/health/ready").json()["detail"])

        assert client.get("/health/ready").status_code == 503


def test_a_default_that_is_not_loaded_is_told(settings: Settings, painter: Painter) -> None:
    """Serving another model in its place would be worse than not serving."""
    named = settings.model_copy(update={"default_model": "nobody"})
    with TestClient(create_app(named, ServiceRuntime(named, painter.open))) as client:
        wait_until(lambda: "nobody" in client.get("/health/ready").json()["detail"])

        assert "loaded are painter-32" in client.get("/health/ready").json()["detail"]


def test_a_service_on_its_way_out_is_alive_and_not_ready(
    painter: Painter, settings: Settings
) -> None:
    """For a while it still serves; then new work is refused, with a time to come back."""
    runtime = ServiceRuntime(settings, painter.open)
    with TestClient(create_app(settings, runtime)) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        runtime.announce_drain()
        assert client.get("/health/ready").status_code == 503
        assert client.get("/images/1").status_code == 200
        runtime.begin_drain()

        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        refused = client.get("/images/1")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["type"] == "urn:problem-type:progan:draining"


def test_a_service_whose_engine_has_ended_is_dead(painter: Painter, settings: Settings) -> None:
    """Only a restart helps."""
    runtime = ServiceRuntime(settings, painter.open)
    with TestClient(create_app(settings, runtime)) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        local(runtime).batcher.stop()
        assert painter.ended(PATIENCE_S)

        assert client.get("/health/live").status_code == 503
        assert client.get("/health/ready").status_code == 503


def test_health_answers_head(client: TestClient) -> None:
    """Some balancers ask so."""
    assert client.head("/health/live").status_code == 200
    assert client.head("/health/ready").status_code == 200


def test_every_metric_of_the_contract_is_there_before_any_picture(client: TestClient) -> None:
    """Dashboards and alerts find their series from the start."""
    families = {family.name for family in text_string_to_metric_families(metrics(client))}

    assert families >= CONTRACT


def test_metrics_are_counted_where_they_happen(client: TestClient) -> None:
    """A picture, a refusal, a path that leads nowhere."""
    client.get("/images/1?resolution=8")
    client.get("/images/1?resolution=9")
    client.get("/wp-login.php")
    text = metrics(client)

    for line in (
        'progan_requests_total{method="GET",route="/images/{seed}",status="200"} 1.0',
        'progan_requests_total{method="GET",route="/images/{seed}",status="422"} 1.0',
        'progan_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'progan_images_total{model="painter-32",resolution="8"} 1.0',
        'progan_encode_duration_seconds_count{format="png"} 1.0',
        "progan_batch_size_count 1.0",
        "progan_queue_wait_seconds_count 1.0",
        'progan_queue_depth{model="painter-32"} 0.0',
        'progan_refused_total{reason="rate_limit"} 0.0',
        "progan_selftest_ok 1.0",
    ):
        assert line in text
    assert "wp-login" not in text


def test_metrics_speak_openmetrics_to_those_who_ask(client: TestClient) -> None:
    """Prometheus does."""
    accept = "application/openmetrics-text;version=1.0.0"
    answer = client.get("/metrics", headers={"Accept": accept})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def metrics(client: TestClient) -> str:
    """What Prometheus reads."""
    return client.get("/metrics").text
