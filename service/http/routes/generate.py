"""`POST /generate`: new pictures, or several pictures by seed in one answer."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from models.picture import Pixels, pixel_sha256
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.batching.styling import require_styling
from service.batching.watermarks import watermark_at
from service.credentials.signing import FileSigner
from service.errors import OutOfRange
from service.facts import address_of, file_facts
from service.files import JSON, ZIP, File, picture_file, sheet_file, zip_file
from service.http.answer import Job, facts_of_job, respond
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import disposition
from service.http.negotiation import choose_media_type
from service.http.parameters import seed_of
from service.http.queries import GenerateQuery
from service.http.routes.documentation import GENERATE
from service.http.schemas import EncodedImage, GenerateAnswer
from service.media.encoding import ENCODER_VERSION, FORMATS

router = APIRouter(tags=["images"])

IMAGE_FORMATS = {each.media_type: name for name, each in FORMATS.items()}
DRAWN_BITS = 53  # a drawn seed is exact in every language, also as a double


@dataclass(frozen=True)
class Pictures:
    """Pictures of one answer.

    Attributes:
        texts: text of each seed as requested; None if the seed was drawn.
        media_type: media type of the answer.
        image_format: format of each picture.
        root: path prefix of the service, for addresses.
        signer: signs each file; None for files without Content Credentials.
    """

    served: ModelInfo
    recipes: list[Recipe]
    texts: list[str | None]
    media_type: str
    image_format: str
    root: str
    signer: FileSigner | None = None

    def file_of(self, number: int, pixels: Pixels) -> File:
        """Return picture `number` as a file: the bytes of `GET /images/{seed}`."""
        recipe, card = self.recipes[number], self.served.card
        return picture_file(recipe, card, pixels, self.image_format, self.signer)

    def address_of(self, number: int) -> str:
        """Return the permanent address of picture `number`."""
        return self.root + address_of(self.recipes[number], self.served.card, self.image_format)


@router.post("/generate", response_class=Response, responses=GENERATE)
async def generate(
    request: Request,
    query: Annotated[GenerateQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Return one new picture, or up to 64, each with its seed."""
    root = request.scope.get("root_path", "")
    served, accept = catalogue.find_for_seeds(query.model), request.headers.get("accept")
    pictures = pictures_of(query, served, accept, root)
    job = generate_job(replace(pictures, signer=runtime.credentials.file_signer))
    return await respond(request, runtime, job, client_timeout_s)


def pictures_of(query: GenerateQuery, served: ModelInfo, accept: str | None, root: str) -> Pictures:
    """Return the recipes of all pictures, with the requested format.

    Raises:
        OutOfRange, NotAcceptable: the query or `accept` cannot be satisfied.
    """
    resolution = served.resolution_for(query.resolution)
    seeds, texts = seeds_of(query)
    name, watermark = served.pinned_name, watermark_at(served, resolution)
    styling = require_styling(served, query.psi, query.mix, query.edit)
    labels = [served.label_of(query.label, seed) for seed in seeds]
    recipes = [
        Recipe(name, point_of(seed), resolution, label, watermark, *styling)
        for seed, label in zip(seeds, labels, strict=True)
    ]
    media_type = choose_media_type(accept, offers_of(query, len(recipes)))
    image_format = query.format or IMAGE_FORMATS.get(media_type, "png")
    return Pictures(served, recipes, texts, media_type, image_format, root)


def seeds_of(query: GenerateQuery) -> tuple[list[int], list[str | None]]:
    """Return the seeds of the pictures, given or drawn, and the text of each given one.

    Raises:
        OutOfRange: a seed is invalid, or the number of seeds is not `count`.
    """
    if not query.seed:
        count = query.count or 1
        return [secrets.randbits(DRAWN_BITS) for _ in range(count)], [None] * count
    given = len(query.seed)
    if query.count not in (None, given):
        message = f"{given} seeds are given and {query.count} pictures asked for: leave count out"
        raise OutOfRange("count", message, [given])
    return [seed_of(text) for text in query.seed], [*query.seed]


def offers_of(query: GenerateQuery, count: int) -> list[str]:
    """Return the media types of the possible answers, preferred one first."""
    formats = [query.format] if query.format else list(FORMATS)
    images = [FORMATS[name].media_type for name in formats]
    return [*images, JSON, ZIP] if count == 1 else [JSON, ZIP, *images]


def generate_job(pictures: Pictures) -> Job:
    """Return the job of all pictures; not cacheable, since another request draws other seeds."""
    single = len(pictures.recipes) == 1
    write = {JSON: _as_json, ZIP: _as_zip}.get(
        pictures.media_type, _as_picture if single else _as_sheet
    )
    address = {"Content-Location": pictures.address_of(0)} if single else {}
    return Job(
        served=pictures.served,
        recipes=pictures.recipes,
        format=pictures.image_format,
        media_type=pictures.media_type,
        encoding=f"{pictures.image_format} {ENCODER_VERSION}",
        write=lambda images: write(pictures, images),
        facts=facts_of_job(pictures.recipes, pictures.served),
        headers={
            "Cache-Control": "no-store",
            "Vary": "Accept",
            "Content-Disposition": _disposition_of(pictures),
            **address,
        },
        is_repeatable=False,
        signer=pictures.signer,
    )


def _as_picture(pictures: Pictures, images: Sequence[Pixels]) -> File:
    """Encode one picture."""
    return pictures.file_of(0, images[0])


def _as_sheet(pictures: Pictures, images: Sequence[Pixels]) -> File:
    """Encode all pictures side by side as one image."""
    card, signer = pictures.served.card, pictures.signer
    return sheet_file(pictures.recipes, card, images, pictures.image_format, signer)


def _as_zip(pictures: Pictures, images: Sequence[Pixels]) -> File:
    """Write a ZIP file with each picture, named by its index and seed."""
    extension = FORMATS[pictures.image_format].extension
    named = [
        (f"{n:02d}-{recipe.point.start}{extension}", pictures.file_of(n, pixels))
        for n, (recipe, pixels) in enumerate(zip(pictures.recipes, images, strict=True))
    ]
    return zip_file(named, images, file_facts(pictures.recipes, pictures.served.card))


def _as_json(pictures: Pictures, images: Sequence[Pixels]) -> File:
    """Write each picture in base64, with its seed and its permanent address, as JSON."""
    encoded = [_encoded_image(pictures, n, pixels) for n, pixels in enumerate(images)]
    first = pictures.recipes[0]
    answer = GenerateAnswer(model=first.model, resolution=first.resolution, images=encoded)
    return File(answer.model_dump_json().encode(), JSON, pixel_sha256(images))


def _encoded_image(pictures: Pictures, number: int, pixels: Pixels) -> EncodedImage:
    recipe, file = pictures.recipes[number], pictures.file_of(number, pixels)
    return EncodedImage(
        seed=str(recipe.point.start),
        seed_as_asked=pictures.texts[number],
        label=recipe.label,
        width=pixels.shape[1],
        height=pixels.shape[0],
        format=pictures.image_format,
        media_type=file.media_type,
        pixel_sha256=file.pixel_sha256,
        url=pictures.address_of(number),
        facts=file_facts([recipe], pictures.served.card),
        data=base64.b64encode(file.content).decode("ascii"),
    )


def _disposition_of(pictures: Pictures) -> str:
    recipe, text = pictures.recipes[0], pictures.texts[0]
    count = len(pictures.recipes)
    name = f"{count}-pictures" if count > 1 else text or str(recipe.point.start)
    endings = {JSON: ".json", ZIP: ".zip"}
    extension = endings.get(pictures.media_type, FORMATS[pictures.image_format].extension)
    attachment = pictures.media_type in endings
    return disposition(f"{name}-{recipe.resolution}", extension, attachment=attachment)
