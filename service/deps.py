"""How routes reach the running service: one `Annotated` name for each thing.

Owns these names and the typed state of the lifespan. Knows nothing of what the parts do.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import Depends
from starlette.requests import Request

from service.catalogue import Catalogue
from service.limits import require_no_body
from service.serving import Serving


class LifespanState(TypedDict):
    """What the lifespan yields, and every request carries."""

    serving: Serving


async def serving_of(request: Request) -> Serving:
    """The running service."""
    serving: Serving = request.state.serving
    return serving


ServingDep = Annotated[Serving, Depends(serving_of)]


async def catalogue_of(serving: ServingDep) -> Catalogue:
    """What can be served; 503 while that is nothing."""
    return serving.catalogue


CatalogueDep = Annotated[Catalogue, Depends(catalogue_of)]


async def no_body(request: Request, serving: ServingDep) -> None:
    """Read the body, which must be empty."""
    await require_no_body(request, serving.settings.max_body_bytes)
