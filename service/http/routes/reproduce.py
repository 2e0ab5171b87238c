"""`GET /images/{seed}` and `GET /images?seed=`: pictures by seed, with permanent bytes.

With `end` and `t` it is a picture between two seeds: a frame of a walk with an address of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe
from service.batching.styling import require_method, require_styling
from service.batching.watermarks import require_watermark
from service.credentials.signing import FileSigner
from service.facts import address_of
from service.http.answer import Job, job_of_picture, respond
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.parameters import MIDDLE, SEEDS_ALLOWED, SeedText, point_at, seed_in_path
from service.http.prepared_route import PreparedRoute
from service.http.queries import ImageQuery, SeedQuery
from service.http.routes.documentation import REPRODUCE

router = APIRouter(tags=["images"], route_class=PreparedRoute)


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
    """Return the picture of a seed, or with `end` one between two seeds.

    The path may end in .png, .webp or .jpg.
    """
    text, image_format = seed_in_path(seed, query.format)
    served, signer = catalogue.find_for_seeds(query.model), runtime.credentials.file_signer
    root = request.scope.get("root_path", "")
    job = picture_job(text, image_format, query, served, signer, root)
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
    """Return the picture of a seed, or with `end` one between two seeds.

    The query takes any text, also text that a path cannot hold.
    """
    served, signer = catalogue.find_for_seeds(query.model), runtime.credentials.file_signer
    root = request.scope.get("root_path", "")
    job = picture_job(query.seed, query.format or "png", query, served, signer, root)
    return await respond(request, runtime, job, client_timeout_s)


def picture_job(
    seed: str,
    image_format: str,
    query: ImageQuery,
    served: ModelInfo,
    signer: FileSigner | None,
    root: str = "",
) -> Job:
    """Return the job of one picture.

    Args:
        seed: text of the seed, or of the first of two.
        root: path prefix of the service, for the address.

    Raises:
        OutOfRange: a parameter is invalid.
    """
    recipe = recipe_of(seed, query, served)
    job = job_of_picture(recipe, served, image_format, _name_of(seed, query), signer)
    address = {"Content-Location": root + address_of(recipe, served.card, image_format)}
    return replace(job, headers={**job.headers, **address}, asked_model=query.model)


def recipe_of(seed: str, query: ImageQuery, served: ModelInfo) -> Recipe:
    """Return the recipe of one picture; between two seeds it equals that of a frame of a walk.

    Raises:
        OutOfRange: a parameter is invalid.
    """
    styling = require_styling(served, query.psi, query.mix, query.edit)
    usual = require_method(served, query.method)
    point = point_at(seed, query.end, query.t, query.method, usual)
    resolution = served.resolution_for(query.resolution)
    watermark = require_watermark(served, resolution, query.watermark)
    # Between two seeds the class vectors are interpolated, unless one class is requested.
    between = point.t != 0.0
    label = served.label_for(query.label) if between else served.label_of(query.label, point.start)
    return Recipe(served.pinned_name, point, resolution, label, watermark, *styling)


def _name_of(seed: str, query: ImageQuery) -> str:
    """Return the texts of the seeds, and `t`, for the name of the file."""
    if query.end is None:
        return seed
    return f"{seed}-{query.end}-{MIDDLE if query.t is None else query.t:g}"
