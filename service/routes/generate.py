"""`POST /generate`: new pictures, or several by seed in one answer."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from service.answers import address_of, provenance
from service.catalogue import Served
from service.deps import CatalogueDep, ServingDep
from service.encode import FORMATS, encode
from service.errors import OutOfRange
from service.fingerprint import pixel_sha256
from service.gather import contact_sheet, zip_images
from service.limits import while_connected
from service.negotiation import choose
from service.picture import Pixels
from service.recipe import Recipe, point_of
from service.routes.documentation import GENERATE
from service.routes.reproduce import make
from service.schemas import EncodedImage, GenerateAnswer, GenerateQuery, seed_of
from service.serving import Serving
from service.studio import SOFTWARE, File, file_of, timing_of

router = APIRouter(tags=["images"])

JSON = "application/json"
ZIP = "application/zip"
DRAWN_BITS = 53  # a drawn seed is exact in every language, also where numbers are doubles


@router.post("/generate", response_class=Response, responses=GENERATE)
async def generate(
    request: Request,
    asked: Annotated[GenerateQuery, Query()],
    catalogue: CatalogueDep,
    serving: ServingDep,
) -> Response:
    """One new picture, or up to 64, each with the seed it came from."""
    served = catalogue.find(asked.model)
    resolution = served.resolution_for(asked.resolution)
    label = served.label_for(asked.label)
    recipes = [
        Recipe(served.pinned_name, point_of(seed), resolution, label) for seed in seeds_of(asked)
    ]
    media_type = choose(request.headers.get("accept"), offers_of(asked, len(recipes)))
    answer = one if len(recipes) == 1 and media_type not in (JSON, ZIP) else several
    response = await while_connected(
        request, answer(request, serving, served, recipes, media_type, asked.format)
    )
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = "no-store"
    return response


def seeds_of(asked: GenerateQuery) -> list[int]:
    """The seeds of the pictures: those given, or drawn.

    Raises:
        OutOfRange: a seed is none, or there are not as many as `count` says.
    """
    if not asked.seed:
        return [secrets.randbits(DRAWN_BITS) for _ in range(asked.count or 1)]
    given = len(asked.seed)
    if asked.count not in (None, given):
        message = f"{given} seeds are given and {asked.count} pictures asked for: leave count out"
        raise OutOfRange("count", message, [given])
    return [seed_of(text) for text in asked.seed]


def offers_of(asked: GenerateQuery, count: int) -> list[str]:
    """The media types this answer can have, the favourite first."""
    formats = [asked.format] if asked.format else list(FORMATS)
    images = [FORMATS[name].media_type for name in formats]
    return [*images, JSON, ZIP] if count == 1 else [JSON, ZIP, *images]


def format_of(media_type: str) -> str:
    """The name of an image format by its media type."""
    return next(name for name, each in FORMATS.items() if each.media_type == media_type)


async def one(
    request: Request,
    serving: Serving,
    served: Served,
    recipes: Sequence[Recipe],
    media_type: str,
    _format: str | None,
) -> Response:
    """A single picture as its bytes."""
    recipe = recipes[0]
    image_format = format_of(media_type)
    made, timing = await make(serving, recipe, image_format)
    seed = recipe.point.start
    headers = provenance(
        request, served, [seed], recipe.resolution, made.pixel_sha256, timing
    )
    headers["Content-Location"] = address_of(recipe, image_format)
    return Response(made.content, headers=headers, media_type=made.media_type)


async def several(
    request: Request,
    serving: Serving,
    served: Served,
    recipes: Sequence[Recipe],
    media_type: str,
    image_format: str | None,
) -> Response:
    """Pictures as JSON, a ZIP file or a contact sheet."""
    images = await serving.studio.render(recipes)
    pixels = [image.pixels for image in images]
    gather = {JSON: as_json, ZIP: as_zip}.get(media_type)
    if gather is None:
        image_format = format_of(media_type)
        gather = as_sheet
    wanted = image_format or "png"
    made, took = await serving.studio.encode(wanted, lambda: gather(recipes, pixels, wanted))
    timing = timing_of(images, took)
    seeds = [recipe.point.start for recipe in recipes]
    headers = provenance(
        request, served, seeds, recipes[0].resolution, made.pixel_sha256, timing
    )
    return Response(made.content, headers=headers, media_type=media_type)


def as_json(recipes: Sequence[Recipe], images: Sequence[Pixels], image_format: str) -> File:
    """Each picture in base64, with its seed and where it is for ever."""
    files = [file_of(r, p, image_format) for r, p in zip(recipes, images, strict=True)]
    answer = GenerateAnswer(
        model=recipes[0].model,
        resolution=recipes[0].resolution,
        images=[
            EncodedImage(
                seed=recipe.point.start,
                width=pixels.shape[1],
                height=pixels.shape[0],
                format=image_format,
                media_type=file.media_type,
                pixel_sha256=file.pixel_sha256,
                url=address_of(recipe, image_format),
                data=base64.b64encode(file.content).decode("ascii"),
            )
            for recipe, pixels, file in zip(recipes, images, files, strict=True)
        ],
    )
    content = answer.model_dump_json().encode()
    return File(content, JSON, pixel_sha256(images))


def as_zip(recipes: Sequence[Recipe], images: Sequence[Pixels], image_format: str) -> File:
    """Each picture as a file named by its place and seed."""
    extension = FORMATS[image_format].extension
    named = [
        (f"{n:02d}-{r.point.start}{extension}", file_of(r, p, image_format).content)
        for n, (r, p) in enumerate(zip(recipes, images, strict=True))
    ]
    return File(zip_images(named, shared_facts(recipes)), ZIP, pixel_sha256(images))


def as_sheet(recipes: Sequence[Recipe], images: Sequence[Pixels], image_format: str) -> File:
    """All pictures side by side as one."""
    content = encode(contact_sheet(images), image_format, shared_facts(recipes))
    return File(content, FORMATS[image_format].media_type, pixel_sha256(images))


def shared_facts(recipes: Sequence[Recipe]) -> dict[str, str]:
    """What a file with several pictures says of them."""
    return {
        "seeds": " ".join(str(recipe.point.start) for recipe in recipes),
        "model": recipes[0].model,
        "resolution": str(recipes[0].resolution),
        "software": SOFTWARE,
    }
