"""Answer a request for pictures, from its recipes to its response.

Owns the order of steps: log, validators, rendering while the client is connected, file, headers,
ranges. Knows no parameters; a route makes a `Job` of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe
from service.composition import ServiceRuntime
from service.credentials.signing import FileSigner
from service.errors import PreconditionFailed
from service.facts import file_facts, header_facts, log_facts
from service.files import File, described_file
from service.http.headers import (
    caching,
    disposition,
    etag_of,
    file_depth_headers,
    is_fresh,
    is_other_than_wanted,
    server_timing,
)
from service.http.ranges import RecentFiles, wanted_range
from service.http.request_guards import while_connected
from service.http.request_log import record_of
from service.media.encoding import ENCODER_VERSION, FORMATS
from service.pipeline import Timing

FROM_STORE = Timing(0.0, 0.0, 0.0, 0)  # nothing was computed


@dataclass(frozen=True)
class Job:
    """Pictures of one answer and the file that contains them.

    Attributes:
        served: model of all pictures.
        recipes: the pictures requested by seed.
        frames: all recipes to render, if `recipes` are the key frames of a walk; else None.
        format: format of the file, as clients write it.
        media_type: media type of the answer.
        encoding: the format with its options and the version of its encoder, for the ETag.
        facts: metadata in the file.
        write: turns the pixels of all pictures or frames into the file.
        headers: headers specific to this kind of answer.
        asked_model: model name as the client wrote it.
        signer: signer of the file, or of the pictures in it; None if it is not signed.
        is_repeatable: True if equal requests have equal answers, which may be validated and cached.
    """

    served: ModelInfo
    recipes: Sequence[Recipe]
    format: str
    media_type: str
    encoding: str
    write: Callable[[Sequence[Pixels]], File]
    facts: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    frames: Sequence[Recipe] | None = None
    asked_model: str | None = None
    signer: FileSigner | None = None
    is_repeatable: bool = True

    @property
    def rendered(self) -> Sequence[Recipe]:
        """Recipes of all pictures that the engine renders."""
        return self.recipes if self.frames is None else self.frames


def facts_of_job(recipes: Sequence[Recipe], served: ModelInfo, **more: str) -> dict[str, str]:
    """Return the metadata of a file with these pictures, and `more` about the file as a whole."""
    return file_facts(recipes, served.card) | more


def job_of_picture(
    recipe: Recipe,
    served: ModelInfo,
    image_format: str,
    name: str,
    signer: FileSigner | None,
) -> Job:
    """Return the job of one picture, in a file whose name is `name` and its resolution."""
    file_format = FORMATS[image_format]
    facts = facts_of_job([recipe], served)
    file_name = disposition(f"{name}-{recipe.resolution}", file_format.extension)
    return Job(
        served=served,
        recipes=[recipe],
        format=image_format,
        media_type=file_format.media_type,
        encoding=f"{image_format} {ENCODER_VERSION}",
        write=lambda images: described_file(images[0], image_format, facts, signer),
        facts=facts,
        headers={"Content-Disposition": file_name},
        signer=signer,
    )


async def respond(
    request: Request, runtime: ServiceRuntime, job: Job, client_timeout_s: float | None
) -> Response:
    """Return the answer to a request for the pictures of `job`.

    Raises:
        ServiceError: it was refused, could not be rendered, or its client has disconnected.
    """
    log_request_facts(request, job)
    card = job.served.card
    headers = header_facts(job.recipes, card) | file_depth_headers(card, job.format)
    headers |= job.headers
    if not job.is_repeatable:
        file, timing = await while_connected(request, _make(runtime, job, client_timeout_s))
        return _whole(request, file, timing, headers)

    etag = etag_of(job.rendered, job.served.mode, job.encoding, job.facts, job.signer)
    headers |= caching(etag, job.asked_model, public=runtime.keys.open_to_all)
    if is_other_than_wanted(request, etag):
        raise PreconditionFailed(f"the ETag of this answer is {etag}: ask without If-Match")
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    recent: RecentFiles = request.state.recent_files
    file, timing = recent.get(etag), FROM_STORE
    if request.method == "HEAD":
        return _without_body(headers, job.media_type, file)
    if file is None:
        file, timing = await while_connected(request, _make(runtime, job, client_timeout_s))
        if job.frames is not None:  # a single picture is rendered again as quickly
            recent.put(etag, file)
    if (part := wanted_range(request, etag, len(file.content))) is None:
        return _whole(request, file, timing, headers)
    return _part(request, file, timing, headers, part)


def log_request_facts(request: Request, job: Job) -> None:
    """Add the requested recipes to log and trace, before rendering."""
    record_of(request).facts |= {
        **log_facts(job.recipes, job.served.card),
        "format": job.format,
        "images": len(job.rendered),
    }


async def _make(
    runtime: ServiceRuntime, job: Job, client_timeout_s: float | None
) -> tuple[File, Timing]:
    """Return the file of a job, and the time of each phase."""
    return await runtime.pipeline.make(
        job.rendered,
        math.prod(job.served.size_at(job.rendered[0].resolution)),
        job.format,
        job.write,
        client_timeout_s,
        is_walk=job.frames is not None,
    )


def _whole(
    request: Request, file: File, timing: Timing, headers: Mapping[str, str], status: int = 200
) -> Response:
    """Return the whole file; its times are logged."""
    record_of(request).facts |= {
        "queue_ms": round(timing.queue_s * 1000, 2),
        "generate_ms": round(timing.generate_s * 1000, 2),
        "encode_ms": round(timing.encode_s * 1000, 2),
        "batch_size": timing.batch_size,
    }
    made = {"X-Pixel-SHA256": file.pixel_sha256, "Server-Timing": server_timing(timing)}
    return Response(file.content, status, {**headers, **made}, file.media_type)


def _part(
    request: Request,
    file: File,
    timing: Timing,
    headers: Mapping[str, str],
    part: tuple[int, int],
) -> Response:
    """Return the bytes of a file from the first to the last of `part` (206)."""
    first, last = part
    place = {"Content-Range": f"bytes {first}-{last}/{len(file.content)}"}
    piece = File(file.content[first : last + 1], file.media_type, file.pixel_sha256)
    return _whole(request, piece, timing, {**headers, **place}, 206)


def _without_body(headers: Mapping[str, str], media_type: str, file: File | None) -> Response:
    """Return the answer to HEAD: the headers that are known without rendering."""
    response = Response(headers=dict(headers), media_type=media_type)
    del response.headers["content-length"]
    if file is not None:
        response.headers["content-length"] = str(len(file.content))
        response.headers["X-Pixel-SHA256"] = file.pixel_sha256
    return response
