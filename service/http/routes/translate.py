"""`POST /translate`: an uploaded picture, translated into another domain."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from models.resolution import Size
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, SourcePicture, point_of
from service.batching.translation import domain_for
from service.batching.watermarks import watermark_at
from service.credentials.signing import FileSigner
from service.errors import PreconditionFailed
from service.http.answer import Job, job_of_picture, respond
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.negotiation import choose_media_type
from service.http.queries import TranslateQuery
from service.http.request_guards import while_connected
from service.http.routes.documentation import BINARY, TRANSLATE
from service.http.routes.generate import IMAGE_FORMATS
from service.http.uploaded_body import uploaded_body
from service.media.encoding import FORMATS
from service.uploads.decoding import decode, open_upload
from service.uploads.errors import PictureNotTaken
from service.uploads.fitting import fit_picture
from service.uploads.formats import UPLOAD_FORMATS

router = APIRouter(tags=["images"])

TAKEN: Final = ("png", "jpeg", "webp")  # formats of uploads
MEDIA_TYPES: Final = tuple(UPLOAD_FORMATS[name].media_type for name in TAKEN)
PICTURE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The picture itself, neither a form nor compressed, of any declared type: "
        f"its content decides if it is one of {', '.join(MEDIA_TYPES)}",
        "content": {"application/octet-stream": BINARY},
    }
}


@router.post("/translate", response_class=Response, openapi_extra=PICTURE_BODY, responses=TRANSLATE)
async def translate(
    request: Request,
    query: Annotated[TranslateQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Translate a picture; the same upload gives the same bytes, and nothing of it is kept."""
    served = catalogue.find_for_translation(query.model)
    others = () if query.model else catalogue.models.values()
    domain = domain_for(served, query.to, others)
    resolution = served.resolution_for(query.resolution)
    image_format = format_for(query, request.headers.get("accept"))
    if "if-match" in request.headers:  # nothing at this path has an ETag (RFC 9110, 13.1.1)
        raise PreconditionFailed("a translation has no ETag: send the picture without If-Match")
    settings, network = runtime.settings, served.card.network
    size = served.size_at(network.resolution)
    async with uploaded_body(request, settings.max_upload_bytes, runtime.decoders) as content:
        read = partial(source_of, content, settings.max_upload_pixels, size, network.channels)
        source = await while_connected(request, runtime.decoders.run(read))
        del content, read
    watermark = watermark_at(served, resolution)
    name = served.pinned_name
    recipe = Recipe(name, point_of(0), resolution, domain, watermark, source=source)
    job = translation_job(recipe, served, image_format, runtime.credentials.file_signer)
    return await respond(request, runtime, job, client_timeout_s)


def format_for(query: TranslateQuery, accept: str | None) -> str:
    """Return the format of the answer: by the query, else by `Accept`, else PNG.

    Raises:
        NotAcceptable: the client accepts none of them.
    """
    names = [query.format] if query.format else list(FORMATS)
    return IMAGE_FORMATS[choose_media_type(accept, [FORMATS[name].media_type for name in names])]


def source_of(content: bytes, max_pixels: int, size: Size, channels: int) -> SourcePicture:
    """Decode an upload and fit it to a model; runs on a thread of the decoders.

    Raises:
        PictureNotTaken, PictureTooLarge, PictureDamaged: it is refused.
    """
    upload = open_upload(content, max_pixels, TAKEN)
    if upload.outline.frames > 1:
        raise PictureNotTaken(
            f"this is an animation of {upload.outline.frames} frames: send one picture", MEDIA_TYPES
        )
    fitted = fit_picture(decode(upload).pixels, size, channels)
    return SourcePicture(hashlib.sha256(content).hexdigest(), fitted.tobytes())


def translation_job(
    recipe: Recipe, served: ModelInfo, image_format: str, signer: FileSigner | None
) -> Job:
    """Return the job of a translation; it has no address, since its source is not kept."""
    job = job_of_picture(recipe, served, image_format, str(recipe.label), signer)
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **job.headers}
    return replace(job, headers=headers, is_repeatable=False)
