"""`GET /interpolate`: a latent walk from picture to picture."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from models.picture import Pixels, pixel_sha256
from service.batching.engine import ModelInfo
from service.batching.recipe import Method, Point, Recipe, frames_of_walk, point_of, walk
from service.batching.styling import require_method, require_styling
from service.batching.watermarks import watermark_at
from service.credentials.signing import FileSigner
from service.errors import OutOfRange
from service.facts import file_facts
from service.files import JSON, ZIP, File, animation_file, picture_file, strip_file, zip_file
from service.http.answer import Job, facts_of_job, respond
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import disposition
from service.http.parameters import seed_of
from service.http.queries import MAX_STRIP_FRAMES, WalkQuery
from service.http.routes.documentation import WALK
from service.http.schemas import EncodedFrame, WalkAnswer
from service.media.animation import ANIMATOR_VERSION, MOVING_FORMATS
from service.media.encoding import ENCODER_VERSION, FORMATS

router = APIRouter(tags=["images"])

FRAME_FORMAT = "png"  # of a strip, and of the single frames in a ZIP file or JSON
STRIP = "strip"
ARCHIVES = {"json": (JSON, ".json"), "zip": (ZIP, ".zip")}  # media type and ending
STILL = {STRIP: (FORMATS[FRAME_FORMAT].media_type, FORMATS[FRAME_FORMAT].extension)}
ANIMATIONS = {name: (each.media_type, each.extension) for name, each in MOVING_FORMATS.items()}


@dataclass(frozen=True)
class Walk:
    """Walk as requested, with a recipe for each key frame and each frame.

    Attributes:
        method: interpolation, as requested or usual.
        signer: signs each file; None for files without Content Credentials.
    """

    query: WalkQuery
    served: ModelInfo
    key_frames: list[Recipe]
    frames: list[Recipe]
    facts: Mapping[str, str]
    method: Method
    signer: FileSigner | None = None


@router.head("/interpolate", include_in_schema=False)
@router.get("/interpolate", response_class=Response, responses=WALK)
async def interpolate(
    request: Request,
    query: Annotated[WalkQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    client_timeout_s: ClientTimeout = None,
) -> Response:
    """Return a walk through latent space from seed to seed."""
    path = walk_of(
        query, catalogue.find_for_seeds(query.model), runtime.settings.interpolation_frames
    )
    job = walk_job(replace(path, signer=runtime.credentials.file_signer))
    return await respond(request, runtime, job, client_timeout_s)


def walk_of(query: WalkQuery, served: ModelInfo, most_frames: int) -> Walk:
    """Return the recipes of a walk.

    Raises:
        OutOfRange: it has more frames than `most_frames` or than a strip holds, or a seed or the
            resolution is invalid.
    """
    _require_frames(query, most_frames)
    seeds = [seed_of(text) for text in query.seed]
    resolution = served.resolution_for(query.resolution)
    label, watermark = served.label_for(query.label), watermark_at(served, resolution)
    styling, method = (
        require_styling(served, query.psi, query.mix, query.edit),
        require_method(served, query.method),
    )

    def recipe_at(point: Point) -> Recipe:
        return Recipe(served.pinned_name, point, resolution, label, watermark, *styling)

    key_frames = [recipe_at(point_of(seed)) for seed in seeds]
    points = walk(seeds, query.steps, loop=query.loop, method=method)
    steps = {"steps": str(query.steps), "method": method.value}
    if query.format == STRIP:  # an animation has as many frames as the walk, a strip is one picture
        steps["frames"] = str(len(points))
    facts = facts_of_job(key_frames, served, **steps)
    frames = [recipe_at(point) for point in points]
    return Walk(query, served, key_frames, frames, facts, method)


def _require_frames(query: WalkQuery, most_frames: int) -> None:
    """Refuse a walk that has too many frames, with the number of steps that it may have."""
    where = ""
    if query.format == STRIP and most_frames > MAX_STRIP_FRAMES:
        most_frames, where = MAX_STRIP_FRAMES, " in a strip"
    frames = frames_of_walk(len(query.seed), query.steps, loop=query.loop)
    if frames > most_frames:
        segments = len(query.seed) - (not query.loop)
        most = (most_frames - (not query.loop)) // segments
        message = (
            f"this walk has {frames} frames, {most_frames} are allowed{where}: use {most} steps"
        )
        raise OutOfRange("steps", message, {"ge": 1, "le": most})


def walk_job(path: Walk) -> Job:
    """Return the job that makes one file of a walk."""
    query = path.query
    media_type, extension = (ARCHIVES | STILL | ANIMATIONS)[query.format]
    writers: dict[str, Callable[[Walk, Sequence[Pixels]], File]] = {
        "json": _as_json,
        "zip": _as_zip,
        STRIP: _as_strip,
    }
    write = writers.get(query.format, _as_animation)
    encoding = f"{query.format} {query.fps} {query.loop} {ANIMATOR_VERSION}"
    name = "-".join(["walk", *query.seed])
    return Job(
        served=path.served,
        recipes=path.key_frames,
        format=query.format,
        media_type=media_type,
        encoding=f"{STRIP} {ENCODER_VERSION}" if query.format == STRIP else encoding,
        write=lambda frames: write(path, frames),
        facts=path.facts,
        headers={
            "Content-Disposition": disposition(
                name, extension, attachment=query.format in ARCHIVES
            ),
            "X-Frames": str(len(path.frames)),
        },
        frames=path.frames,
        signer=path.signer,
        asked_model=query.model,
    )


def _as_animation(path: Walk, frames: Sequence[Pixels]) -> File:
    """Encode all frames as one animation."""
    query = path.query
    return animation_file(frames, query.format, query.fps, query.loop, path.facts, path.signer)


def _as_strip(path: Walk, frames: Sequence[Pixels]) -> File:
    """Encode all frames side by side, in rows, as one picture."""
    return strip_file(frames, FRAME_FORMAT, path.facts, path.signer)


def _as_zip(path: Walk, frames: Sequence[Pixels]) -> File:
    """Write each frame as a file of a ZIP archive; names sort in order of frames."""
    files = _frame_files(path, frames)
    return zip_file([(f"frame-{n:04d}.png", f) for n, f in enumerate(files)], frames, path.facts)


def _as_json(path: Walk, frames: Sequence[Pixels]) -> File:
    """Write each frame in base64, with its position on the walk, as JSON."""
    query, key = path.query, path.key_frames[0]
    height, width = path.served.size_at(key.resolution)
    answer = WalkAnswer(
        model=key.model,
        resolution=key.resolution,
        width=width,
        height=height,
        label=key.label,
        seeds=[str(recipe.point.start) for recipe in path.key_frames],
        seeds_as_asked=query.seed,
        method=path.method,
        fps=query.fps,
        loop=query.loop,
        facts=dict(path.facts),
        frames=[
            EncodedFrame(
                start=str(recipe.point.start),
                end=str(recipe.point.end),
                t=recipe.point.t,
                pixel_sha256=file.pixel_sha256,
                facts=file_facts([recipe], path.served.card),
                data=base64.b64encode(file.content).decode("ascii"),
            )
            for recipe, file in zip(path.frames, _frame_files(path, frames), strict=True)
        ],
    )
    return File(answer.model_dump_json().encode(), JSON, pixel_sha256(frames))


def _frame_files(path: Walk, frames: Sequence[Pixels]) -> list[File]:
    return [
        picture_file(recipe, path.served.card, pixels, FRAME_FORMAT, path.signer)
        for recipe, pixels in zip(path.frames, frames, strict=True)
    ]
