"""`POST /verify`: what a file proves about its origin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.composition import ServiceRuntime
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.queries import Parameters
from service.http.request_guards import while_connected
from service.http.request_log import record_of
from service.http.routes.documentation import BINARY, error_responses
from service.http.uploaded_body import uploaded_body
from service.uploads.formats import UPLOAD_FORMATS
from service.verification.examination import Parts, verify_file
from service.verification.report import Verification

router = APIRouter(tags=["verification"])

FILE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, neither a form nor compressed, of any declared type: its "
        "content decides if it is one of "
        + ", ".join(each.media_type for each in UPLOAD_FORMATS.values()),
        "content": {"application/octet-stream": BINARY},
    }
}


@router.post(
    "/verify",
    openapi_extra=FILE_BODY,
    responses=error_responses(401, 408, 413, 415, 422, 429, 500, 503, 504),
)
async def verify(
    request: Request,
    query: Annotated[Parameters, Query()],  # noqa: ARG001 - refuses parameters
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Verification:
    """Return what a picture, an animation or a film proves about its origin."""

    async def render(recipes: Sequence[Recipe]) -> list[Pixels]:
        images = await runtime.pipeline.render(recipes, client_timeout_s)
        return [image.pixels for image in images]

    parts = Parts(
        max_pixels=runtime.settings.max_upload_pixels,
        trust_anchors=runtime.credentials.trust_anchors,
        watermark_key=runtime.settings.watermark_key,
        find=catalogue.find,
        run=runtime.decoders.run,
        render=render,
    )
    limit = runtime.settings.max_upload_bytes
    async with uploaded_body(request, limit, runtime.decoders) as content:
        found = await while_connected(request, verify_file(content, parts))
    return _answer(request, runtime, found)


def _answer(request: Request, runtime: ServiceRuntime, found: Verification) -> Verification:
    """Count and log the result; addresses get the prefix of the service."""
    runtime.metrics.verifications.labels(found.origin.value).inc()
    record_of(request).facts |= {
        "origin": found.origin.value,
        "remade": found.remade.outcome.value,
        "media_type": found.file.media_type,
        "bytes": found.file.bytes,
    }
    root: str = request.scope.get("root_path", "")
    found.remade.urls = [root + url for url in found.remade.urls]
    return found
