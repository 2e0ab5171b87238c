"""How routes reach the running service."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.catalogue import Catalogue
from service.deps import CatalogueDep, ServingDep
from service.serving import Serving
from service.settings import Settings
from tests.service.painter import Painter, wait_until


def test_a_route_is_given_the_parts_of_its_own_application(
    settings: Settings, painter: Painter
) -> None:
    """By type, from the state of the lifespan; no global is involved."""
    seen: list[tuple[Serving, Catalogue]] = []
    serving = Serving(settings, lambda *_: painter)
    app: FastAPI = create_app(settings, serving)

    @app.get("/seen")
    async def see(parts: ServingDep, catalogue: CatalogueDep) -> None:
        seen.append((parts, catalogue))

    with TestClient(app) as client:
        wait_until(lambda: client.get("/seen").status_code == 200)

    assert seen == [(serving, serving.catalogue)]


def test_no_route_takes_a_body(client: TestClient) -> None:
    """Not even one that would ignore it."""
    assert client.request("GET", "/models", content=b"x").status_code == 415
