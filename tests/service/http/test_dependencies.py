"""How routes reach the running service."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.http.dependencies import CatalogueDep, RuntimeDep
from service.registry.catalogue import Catalogue
from service.settings import Settings
from tests.service.painter import Painter, local, wait_until


def test_a_route_is_given_the_parts_of_its_own_application(
    settings: Settings, painter: Painter
) -> None:
    """By type, from the state of the lifespan; no global is involved."""
    seen: list[tuple[ServiceRuntime, Catalogue]] = []
    runtime = ServiceRuntime(settings, painter.open)
    app: FastAPI = create_app(settings, runtime)

    @app.get("/seen")
    async def see(parts: RuntimeDep, catalogue: CatalogueDep) -> None:
        seen.append((parts, catalogue))

    with TestClient(app) as client:
        wait_until(lambda: client.get("/seen").status_code == 200)

    assert seen == [(runtime, runtime.catalogue)]


def test_no_route_takes_a_body(client: TestClient) -> None:
    """Not even one that would ignore it."""
    assert client.request("GET", "/models", content=b"x").status_code == 415


@pytest.mark.parametrize("patience", ["soon", "0", "-1", "nan", "inf", "", "1_0"])
def test_a_patience_that_is_no_number_of_seconds_is_refused(
    client: TestClient, painter: Painter, patience: str
) -> None:
    """By every route that makes pictures, in the name of the header."""
    for method, path in (
        ("GET", "/images/7"),
        ("POST", "/generate"),
        ("GET", "/interpolate?seed=1&seed=2&steps=1"),
    ):
        answer = client.request(method, path, headers={"X-Request-Timeout": patience})

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"].lower() == "x-request-timeout"
    assert painter.seeds == []


@pytest.mark.parametrize("path", ["/images/7", "/interpolate?seed=1&seed=2&steps=1"])
def test_a_client_with_little_patience_is_told_in_time(
    client: TestClient, painter: Painter, path: str
) -> None:
    """Long before the service's own deadline; a patient one gets its picture."""
    painter.gate.clear()
    late = client.get(path, headers={"X-Request-Timeout": "0.05"})
    painter.gate.set()

    assert late.status_code == 504
    assert int(late.headers["retry-after"]) >= 1
    assert "within 0.05 s" in late.json()["detail"]
    assert client.get(path, headers={"X-Request-Timeout": "1e9"}).status_code == 200


def test_a_deadline_that_cannot_be_met_is_a_problem_with_its_numbers(
    client: TestClient, painter: Painter
) -> None:
    """At once, with nothing computed for it, and counted."""
    painter.gate.clear()
    painter.entered.clear()
    runtime: ServiceRuntime = client.app_state["runtime"]
    model = painter.cards[0].pinned_name
    local(runtime).batcher.submit([Recipe(model, point_of(n), 32) for n in range(9)], 1e12)
    answer = client.get("/images/99", headers={"X-Request-Timeout": "0.000001"})
    painter.gate.set()
    told = answer.json()

    assert answer.status_code == 504
    assert told["type"].endswith("deadline-too-near")
    assert told["predicted_s"] > 0
    assert 'progan_refused_total{reason="deadline"} 1.0' in client.get("/metrics").text
    assert 99 not in painter.seeds
