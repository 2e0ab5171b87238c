"""`GET /models`: the available models, with data, licence and quality."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from service.http.dependencies import CatalogueDep, RuntimeDep
from service.http.routes.documentation import error_responses, json_responses
from service.http.schemas import ModelCard, ModelList, model_card
from service.http.validated_json import LatestAnswer, json_answer, validated_json
from service.registry.catalogue import Catalogue

router = APIRouter(tags=["models"])


@router.head("/models", include_in_schema=False)
@router.get(
    "/models",
    response_model=ModelList,
    responses={**json_responses(), **error_responses(401, 429, 503)},
)
async def list_models(request: Request, catalogue: CatalogueDep, runtime: RuntimeDep) -> Response:
    """Return the cards of all models; with `If-None-Match`, 304 while nothing has changed."""
    if not catalogue.models:
        catalogue.require_default()
    latest: LatestAnswer = request.state.latest_models
    answer = latest.of(catalogue, lambda: list_of(catalogue))
    return validated_json(request, answer, public=runtime.keys.open_to_all)


def list_of(catalogue: Catalogue) -> ModelList:
    """Return the cards of all models of a catalogue."""
    cards = [model_card(served, catalogue.default) for served in catalogue.models.values()]
    return ModelList(default=catalogue.default, models=cards)


@router.head("/models/{name}", include_in_schema=False)
@router.get(
    "/models/{name}",
    response_model=ModelCard,
    responses={**json_responses(), **error_responses(401, 404, 422, 429, 503)},
)
async def read_model(
    request: Request,
    name: Annotated[str, Path(examples=["personas-256"])],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
) -> Response:
    """Return the card of one model, by `name` or `name@digest`; 304 as for the list."""
    served = catalogue.find(name)
    old = served.pinned_name in catalogue.retiring
    card = model_card(served, None if old else catalogue.default)
    return validated_json(request, json_answer(card), public=runtime.keys.open_to_all)
