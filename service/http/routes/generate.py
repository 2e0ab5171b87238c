"""`POST /generate`: new pictures, or several by seed in one answer."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from models.picture import Pixels, pixel_sha256
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.errors import OutOfRange
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import address_of, log_request_facts, provenance
from service.http.negotiation import choose_media_type
from service.http.parameters import seed_of
from service.http.request_guards import while_connected
from service.http.routes.documentation import GENERATE
from service.http.schemas import EncodedImage, GenerateAnswer, GenerateQuery
from service.media.archives import contact_sheet, zip_images
from service.media.encoding import FORMATS, encode
from service.pipeline import JSON, SOFTWARE, ZIP, File, Timing, file_of, timing_of

router = APIRouter(tags=["images"])

IMAGE_FORMATS = {each.media_type: name for name, each in FORMATS.items()}
DRAWN_BITS = 53  # a drawn seed is exact in every language, also where numbers are doubles


@dataclass(frozen=True)
class GenerateJob:
    """The pictures of one answer, and the form they are wanted in."""

    served: ModelInfo
    recipes: list[Recipe]
    media_type: str  # of the answer
    image_format: str  # of each picture

    @property
    def seeds(self) -> list[int]:
        """The seed of each picture."""
        return [recipe.point.start for recipe in self.recipes]

    @property
    def labels(self) -> list[str | None]:
        """The class of each picture; None for models without labels."""
        return [recipe.label for recipe in self.recipes]

    @property
    def facts(self) -> dict[str, str]:
        """What a file with several pictures says of them."""
        classes = [quote(label) for label in self.labels if label is not None]
        return {
            "seeds": " ".join(map(str, self.seeds)),
            **({"labels": " ".join(classes)} if classes else {}),
            "model": self.served.pinned_name,
            "resolution": str(self.recipes[0].resolution),
            "software": SOFTWARE,
        }


@router.post("/generate", response_class=Response, responses=GENERATE)
async def generate(
    request: Request,
    asked: Annotated[GenerateQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    patience_s: ClientTimeout = None,
) -> Response:
    """One new picture, or up to 64, each with the seed it came from."""
    order = job_of(asked, catalogue.find(asked.model), request.headers.get("accept"))
    log_request_facts(request, order.seeds, order.recipes, order.image_format)
    made, timing = await while_connected(request, run_job(runtime, order, patience_s))
    resolution = order.recipes[0].resolution
    headers = provenance(
        *(request, order.served, order.seeds, resolution, made.pixel_sha256, timing, order.labels)
    )
    headers |= {"Cache-Control": "no-store", "Vary": "Accept"}
    if len(order.recipes) == 1:
        headers["Content-Location"] = address_of(order.recipes[0], order.image_format)
    return Response(made.content, headers=headers, media_type=made.media_type)


def job_of(asked: GenerateQuery, served: ModelInfo, accept: str | None) -> GenerateJob:
    """What will be made.

    Raises:
        OutOfRange, NotAcceptable: it cannot be.
    """
    resolution = served.resolution_for(asked.resolution)
    name = served.pinned_name
    recipes = [
        Recipe(name, point_of(seed), resolution, served.label_of(asked.label, seed))
        for seed in seeds_of(asked)
    ]
    media_type = choose_media_type(accept, offers_of(asked, len(recipes)))
    image_format = asked.format or IMAGE_FORMATS.get(media_type, "png")
    return GenerateJob(served, recipes, media_type, image_format)


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


async def run_job(
    runtime: ServiceRuntime, order: GenerateJob, patience_s: float | None
) -> tuple[File, Timing]:
    """The pictures as one answer, and where its time went."""
    images = await runtime.pipeline.render(order.recipes, patience_s)
    pixels = [image.pixels for image in images]
    gather = {JSON: as_json, ZIP: as_zip}.get(order.media_type)
    if gather is None:
        gather = as_picture if len(pixels) == 1 else as_sheet
    made, took = await runtime.pipeline.run_on_encoder(
        order.image_format, lambda: gather(order, pixels)
    )
    return made, timing_of(images, took)


def as_picture(order: GenerateJob, images: Sequence[Pixels]) -> File:
    """One picture as its bytes: those of `GET /images/{seed}`."""
    return file_of(order.recipes[0], images[0], order.image_format)


def as_sheet(order: GenerateJob, images: Sequence[Pixels]) -> File:
    """All pictures side by side as one."""
    content = encode(contact_sheet(images), order.image_format, order.facts)
    return File(content, order.media_type, pixel_sha256(images))


def as_zip(order: GenerateJob, images: Sequence[Pixels]) -> File:
    """Each picture as a file named by its place and seed."""
    extension = FORMATS[order.image_format].extension
    named = [
        (f"{n:02d}-{r.point.start}{extension}", file_of(r, p, order.image_format).content)
        for n, (r, p) in enumerate(zip(order.recipes, images, strict=True))
    ]
    return File(zip_images(named, order.facts), ZIP, pixel_sha256(images))


def as_json(order: GenerateJob, images: Sequence[Pixels]) -> File:
    """Each picture in base64, with its seed and where it is for ever."""
    files = [file_of(r, p, order.image_format) for r, p in zip(order.recipes, images, strict=True)]
    answer = GenerateAnswer(
        model=order.served.pinned_name,
        resolution=order.recipes[0].resolution,
        images=[
            EncodedImage(
                seed=recipe.point.start,
                label=recipe.label,
                width=pixels.shape[1],
                height=pixels.shape[0],
                format=order.image_format,
                media_type=file.media_type,
                pixel_sha256=file.pixel_sha256,
                url=address_of(recipe, order.image_format),
                data=base64.b64encode(file.content).decode("ascii"),
            )
            for recipe, pixels, file in zip(order.recipes, images, files, strict=True)
        ],
    )
    return File(answer.model_dump_json().encode(), JSON, pixel_sha256(images))
