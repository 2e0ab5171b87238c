"""Prepared routes answer as those of FastAPI: equal arguments, equal refusals, in equal order."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Path, Query
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.access.keys import digests_of
from service.app import create_app
from service.composition import ServiceRuntime
from service.http.dependencies import (
    CatalogueDep,
    ClientTimeout,
    RuntimeDep,
    access_dependencies,
)
from service.http.parameters import SeedText
from service.http.prepared_route import PreparedRoute, prepared_parameters
from service.http.queries import ImageQuery
from service.http.routes import reproduce
from service.settings import Settings
from tests.service.painter import Painter, wait_until

QUERIES = [
    "",
    "resolution=32",
    "resolution=32&format=webp&label=",
    "resolution=x",
    "resolution=%33%32&t=0.5&end=b",
    "format=gif&unknown=1",
    "unknown=",
    "resolution=4&resolution=8",
    "t=nan",
    "=1",
    "psi=1&psi=1",
]
HEADERS: list[dict[str, str]] = [
    {},
    {"X-Request-Timeout": "5"},
    {"X-Request-Timeout": "0"},
    {"X-Request-Timeout": ""},
]


async def told(
    request: Request,
    seed: Annotated[SeedText, Path()],
    query: Annotated[ImageQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Return what the endpoint was given."""
    given = [seed, query.model_dump_json(), client_timeout_s, sorted(catalogue.models)]
    return JSONResponse([*given, runtime is request.state.runtime, request.method])


@pytest.mark.parametrize("keys", ["", "good"])
def test_a_prepared_route_answers_as_fastapis_own(
    settings: Settings, painter: Painter, keys: str
) -> None:
    """Also where key, body and parameters are wrong at once: the first check speaks."""
    settings = settings.model_copy(update={"api_keys": digests_of(keys)})
    app = create_app(settings, ServiceRuntime(settings, painter.open))
    for prefix, kind in (("/prepared", PreparedRoute), ("/usual", APIRoute)):
        router = APIRouter(route_class=kind)
        router.get(f"{prefix}/{{seed:path}}")(told)
        app.include_router(router, dependencies=access_dependencies(settings))
    with TestClient(app) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        for query in QUERIES:
            for headers in HEADERS:
                for body in (b"", b"x"):
                    for sent in ({}, {"X-API-Key": "good"}):
                        answers = [
                            client.request(
                                "GET",
                                f"{prefix}/a%2Fb?{query}",
                                headers={**headers, **sent, "X-Request-ID": "same"},
                                content=body,
                            )
                            for prefix in ("/prepared", "/usual")
                        ]
                        ours, usual = [
                            (each.status_code, each.text.replace("/usual/", "/prepared/"))
                            for each in answers
                        ]
                        assert ours == usual, (query, headers, body, sent)


def test_the_routes_of_pictures_by_seed_are_prepared() -> None:
    """And take nothing that only FastAPI could read."""
    routes = [each for each in reproduce.router.routes if isinstance(each, APIRoute)]

    assert len(routes) == 4
    assert all(isinstance(each, PreparedRoute) for each in routes)


def test_a_parameter_that_only_fastapi_can_read_is_refused_when_the_route_is_made() -> None:
    """Instead of being left out of each request."""

    async def takes_a_number(place: Annotated[int, Path()]) -> Response:
        return JSONResponse(place)

    with pytest.raises(TypeError, match="a prepared route cannot read place"):
        prepared_parameters(takes_a_number)
