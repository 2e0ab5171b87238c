"""`GET /models`: the available models, with data, licence and quality."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from service.http.dependencies import CatalogueDep
from service.http.routes.documentation import error_responses
from service.http.schemas import ModelCard, ModelList, model_card

router = APIRouter(tags=["models"])


@router.head("/models", include_in_schema=False)
@router.get("/models", responses=error_responses(401, 429, 503))
async def list_models(catalogue: CatalogueDep) -> ModelList:
    """Return the cards of all models."""
    if not catalogue.models:
        catalogue.require_default()
    cards = [model_card(served, catalogue.default) for served in catalogue.models.values()]
    return ModelList(default=catalogue.default, models=cards)


@router.head("/models/{name}", include_in_schema=False)
@router.get("/models/{name}", responses=error_responses(401, 404, 422, 429, 503))
async def read_model(
    name: Annotated[str, Path(examples=["personas-256"])], catalogue: CatalogueDep
) -> ModelCard:
    """Return the card of one model, by `name` or `name@digest`."""
    served = catalogue.find(name)
    old = served.pinned_name in catalogue.retiring
    return model_card(served, None if old else catalogue.default)
