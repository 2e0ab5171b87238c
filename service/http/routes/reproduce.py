"""`GET /images/{seed}`: the same bytes for ever."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import caching, is_fresh, log_request_facts, provenance, without_body
from service.http.parameters import SEEDS_ALLOWED, SeedText, seed_of
from service.http.request_guards import while_connected
from service.http.routes.documentation import REPRODUCE
from service.http.schemas import ImageQuery
from service.media.encoding import ENCODER_VERSION, FORMATS
from service.media.fingerprint import etag_of
from service.pipeline import File, Timing, file_of, timing_of

router = APIRouter(tags=["images"])


@router.head("/images/{seed:path}", include_in_schema=False)
@router.get("/images/{seed:path}", response_class=Response, responses=REPRODUCE)
async def reproduce(
    request: Request,
    seed: Annotated[SeedText, Path(description=SEEDS_ALLOWED, examples=["ada"])],
    asked: Annotated[ImageQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    patience_s: ClientTimeout = None,
) -> Response:
    """The picture of a seed."""
    served = catalogue.find(asked.model)
    number = seed_of(seed)
    resolution = served.resolution_for(asked.resolution)
    label = served.label_of(asked.label, number)
    recipe = Recipe(served.pinned_name, point_of(number), resolution, label)
    media_type = FORMATS[asked.format].media_type
    log_request_facts(request, [number], [recipe], asked.format)

    etag = etag_of([recipe], served.mode, f"{asked.format} {ENCODER_VERSION}")
    headers = caching(etag, asked.model, public=runtime.keys.open_to_all)
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        known = provenance(request, served, [number], resolution, labels=[label])
        return without_body(headers | known, media_type)

    made, timing = await while_connected(request, make(runtime, recipe, asked.format, patience_s))
    headers |= provenance(request, served, [number], resolution, made.pixel_sha256, timing, [label])
    return Response(made.content, headers=headers, media_type=made.media_type)


async def make(
    runtime: ServiceRuntime, recipe: Recipe, image_format: str, patience_s: float | None
) -> tuple[File, Timing]:
    """One picture as a file, and where its time went."""
    studio = runtime.pipeline
    images = await studio.render([recipe], patience_s)
    made, took = await studio.run_on_encoder(
        image_format, lambda: file_of(recipe, images[0].pixels, image_format)
    )
    return made, timing_of(images, took)
