"""`GET /images/{seed}` and `GET /images?seed=`: pictures by seed, with permanent bytes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.batching.watermarks import require_watermark
from service.credentials.signing import FileSigner
from service.files import picture_file
from service.http.answer import Job, facts_of_job, respond
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import disposition
from service.http.parameters import SEEDS_ALLOWED, SeedText, seed_in_path, seed_of
from service.http.queries import ImageQuery, SeedQuery
from service.http.routes.documentation import REPRODUCE
from service.media.encoding import ENCODER_VERSION, FORMATS

router = APIRouter(tags=["images"])


@router.head("/images/{seed:path}", include_in_schema=False)
@router.get("/images/{seed:path}", response_class=Response, responses=REPRODUCE)
async def reproduce(
    request: Request,
    seed: Annotated[
        SeedText, Path(description=f"{SEEDS_ALLOWED}; it may end in .png, .webp or .jpg")
    ],
    query: Annotated[ImageQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Return the picture of a seed; the path may end in .png, .webp or .jpg."""
    text, image_format = seed_in_path(seed, query.format)
    served, signer = catalogue.find(query.model), runtime.credentials.file_signer
    job = picture_job(text, image_format, query, served, signer)
    return await respond(request, runtime, job, client_timeout_s)


@router.head("/images", include_in_schema=False)
@router.get("/images", response_class=Response, responses=REPRODUCE)
async def reproduce_by_query(
    request: Request,
    query: Annotated[SeedQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Return the picture of a seed; the query takes any text, also text that a path cannot hold."""
    served, signer = catalogue.find(query.model), runtime.credentials.file_signer
    job = picture_job(query.seed, query.format or "png", query, served, signer)
    return await respond(request, runtime, job, client_timeout_s)


def picture_job(
    seed: str,
    image_format: str,
    query: ImageQuery,
    served: ModelInfo,
    signer: FileSigner | None,
) -> Job:
    """Return the job of one picture.

    Raises:
        OutOfRange: a parameter is invalid.
    """
    number = seed_of(seed)
    resolution = served.resolution_for(query.resolution)
    label = served.label_of(query.label, number)
    watermark = require_watermark(served, resolution, query.watermark)
    recipe = Recipe(served.pinned_name, point_of(number), resolution, label, watermark)
    file_format = FORMATS[image_format]
    return Job(
        served=served,
        recipes=[recipe],
        format=image_format,
        media_type=file_format.media_type,
        encoding=f"{image_format} {ENCODER_VERSION}",
        write=lambda images: picture_file(recipe, served.card, images[0], image_format, signer),
        signer=signer,
        facts=facts_of_job([recipe], served),
        headers={"Content-Disposition": disposition(f"{seed}-{resolution}", file_format.extension)},
        asked_model=query.model,
    )
