"""FastAPI dependencies: the running service and its parts, each as one `Annotated` name.

Owns these names and the typed state of the lifespan. Knows nothing of the internals of the parts.
"""

from __future__ import annotations

from typing import Annotated, Final, TypedDict

from fastapi import Depends, Header, Security, params
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BeforeValidator
from starlette.requests import Request

from service.composition import ServiceRuntime
from service.http.parameters import NeverNull
from service.http.ranges import RecentFiles
from service.http.request_guards import refuse_body, refuse_repeated_parameters
from service.http.validated_json import LatestAnswer
from service.number_texts import require_plain_number
from service.registry.catalogue import Catalogue
from service.settings import Settings


class LifespanState(TypedDict):
    """State that the lifespan yields and every request carries."""

    runtime: ServiceRuntime
    recent_files: RecentFiles
    latest_models: LatestAnswer


# The dependencies below read the request instead of depending on `RuntimeDep`: FastAPI resolves
# nested dependencies once for each use, and three such steps took a sixth of the time that a
# request spends in FastAPI.


async def runtime_of(request: Request) -> ServiceRuntime:
    """Return the running service."""
    return _runtime(request)


RuntimeDep = Annotated[ServiceRuntime, Depends(runtime_of)]


async def catalogue_of(request: Request) -> Catalogue:
    """Return the catalogue of models; 503 while it is empty."""
    return _runtime(request).catalogue


CatalogueDep = Annotated[Catalogue, Depends(catalogue_of)]


async def no_body(request: Request) -> None:
    """Read the body, which must be empty."""
    await refuse_body(request, _runtime(request).settings.max_body_bytes)


async def no_repeated_parameters(request: Request) -> None:
    """Refuse a repeated parameter where only one value is allowed."""
    refuse_repeated_parameters(request)


ClientTimeout = Annotated[
    float | None,
    NeverNull(),
    Header(
        alias="X-Request-Timeout",
        gt=0,
        allow_inf_nan=False,
        description="Seconds the client will wait; the service's own deadline is the most.",
    ),
    BeforeValidator(lambda text: require_plain_number(text, float)),
]


async def admitted(request: Request) -> None:
    """Authenticate and rate-limit a request; a wrong key counts for the client's IP address."""
    runtime, key = _runtime(request), None
    try:
        key = runtime.keys.require(request.headers)
    finally:
        await runtime.shared.take_request(key, request.client.host if request.client else "")


# The checks before every route with pictures and without a body, in this order.
ACCESS_CHECKS: Final = (admitted, no_repeated_parameters, no_body)


def access_dependencies(settings: Settings, *, body: bool = False) -> list[params.Depends]:
    """Return the checks before every route with pictures; OpenAPI lists the ways to send a key.

    Args:
        settings: settings of the service.
        body: True for routes that read a body themselves; the others refuse one.
    """
    ways = [HTTPBearer(auto_error=False), APIKeyHeader(name="X-API-Key", auto_error=False)]
    schemes = [Security(way) for way in ways] if settings.api_keys else []
    checks = [check for check in ACCESS_CHECKS if not (body and check is no_body)]
    return [*schemes, *map(Depends, checks)]


def _runtime(request: Request) -> ServiceRuntime:
    runtime: ServiceRuntime = request.state.runtime
    return runtime
