"""`GET /interpolate`: a walk from picture to picture."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from models.families.progan.config import Size
from models.picture import Pixels, pixel_sha256
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, frames_of_walk, walk
from service.composition import ServiceRuntime
from service.errors import OutOfRange
from service.http.dependencies import CatalogueDep, ClientTimeout, RuntimeDep
from service.http.headers import caching, is_fresh, log_request_facts, provenance
from service.http.parameters import seed_of
from service.http.request_guards import while_connected
from service.http.routes.documentation import WALK
from service.http.schemas import EncodedFrame, WalkAnswer, WalkQuery
from service.media.animation import ANIMATOR_VERSION, MOVING_FORMATS, animate
from service.media.archives import zip_images
from service.media.fingerprint import etag_of
from service.pipeline import JSON, SOFTWARE, ZIP, File, Timing, file_of, timing_of

router = APIRouter(tags=["images"])

FRAME_FORMAT = "png"  # of the single frames in a ZIP file or JSON


@dataclass(frozen=True)
class InterpolateJob:
    """What was asked for, and a recipe for each frame."""

    asked: WalkQuery
    seeds: list[int]
    recipes: list[Recipe]
    size: Size  # of each frame, height and width

    @property
    def facts(self) -> dict[str, str]:
        """What a file says of the walk as a whole."""
        return {
            "seeds": " ".join(map(str, self.seeds)),
            "model": self.recipes[0].model,
            "resolution": str(self.recipes[0].resolution),
            **({"label": self.asked.label} if self.asked.label else {}),
            "steps": str(self.asked.steps),
            "method": self.asked.method.value,
            "software": SOFTWARE,
        }


@router.get("/interpolate", response_class=Response, responses=WALK)
async def interpolate(
    request: Request,
    asked: Annotated[WalkQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
    patience_s: ClientTimeout = None,
) -> Response:
    """A walk through latent space from seed to seed."""
    served = catalogue.find(asked.model)
    plan = plan_of(asked, served, runtime.settings.interpolation_frames)
    log_request_facts(request, plan.seeds, plan.recipes, asked.format)

    encoding = f"{asked.format} {asked.fps} {asked.loop} {ANIMATOR_VERSION}"
    etag = etag_of(plan.recipes, served.mode, encoding)
    headers = caching(etag, asked.model, public=runtime.keys.open_to_all)
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)

    made, timing = await while_connected(request, make(runtime, plan, patience_s))
    resolution = plan.recipes[0].resolution
    told = [asked.label]
    headers |= provenance(request, served, plan.seeds, resolution, made.pixel_sha256, timing, told)
    return Response(made.content, headers=headers, media_type=made.media_type)


def plan_of(asked: WalkQuery, served: ModelInfo, most_frames: int) -> InterpolateJob:
    """The recipes of a walk.

    Raises:
        OutOfRange: there would be more than `most_frames`, or a seed or the resolution is none.
    """
    frames = frames_of_walk(len(asked.seed), asked.steps, loop=asked.loop)
    if frames > most_frames:
        segments = len(asked.seed) - (not asked.loop)
        most = (most_frames - (not asked.loop)) // segments
        message = f"this walk has {frames} frames, {most_frames} are allowed: use {most} steps"
        raise OutOfRange("steps", message, {"ge": 1, "le": most})
    seeds = [seed_of(text) for text in asked.seed]
    resolution = served.resolution_for(asked.resolution)
    points = walk(seeds, asked.steps, loop=asked.loop, method=asked.method)
    label = served.label_for(asked.label)
    recipes = [Recipe(served.pinned_name, point, resolution, label) for point in points]
    return InterpolateJob(asked, seeds, recipes, served.size_at(resolution))


async def make(
    runtime: ServiceRuntime, plan: InterpolateJob, patience_s: float | None
) -> tuple[File, Timing]:
    """The walk as a file, and where its time went."""
    images = await runtime.pipeline.render_walk(plan.recipes, math.prod(plan.size), patience_s)
    frames = [image.pixels for image in images]
    write = {"json": as_json, "zip": as_zip}.get(plan.asked.format, as_film)
    made, took = await runtime.pipeline.run_on_encoder(
        plan.asked.format, lambda: write(plan, frames)
    )
    return made, timing_of(images, took)


def as_film(plan: InterpolateJob, frames: Sequence[Pixels]) -> File:
    """One moving picture."""
    asked = plan.asked
    content = animate(frames, asked.format, asked.fps, asked.loop, plan.facts)
    return File(content, MOVING_FORMATS[asked.format].media_type, pixel_sha256(frames))


def as_zip(plan: InterpolateJob, frames: Sequence[Pixels]) -> File:
    """Each frame as a file, in order of name."""
    named = [
        (f"frame-{n:04d}.png", file_of(recipe, pixels, FRAME_FORMAT).content)
        for n, (recipe, pixels) in enumerate(zip(plan.recipes, frames, strict=True))
    ]
    return File(zip_images(named, plan.facts), ZIP, pixel_sha256(frames))


def as_json(plan: InterpolateJob, frames: Sequence[Pixels]) -> File:
    """Each frame in base64, with its place on the way."""
    files = [file_of(r, p, FRAME_FORMAT) for r, p in zip(plan.recipes, frames, strict=True)]
    answer = WalkAnswer(
        model=plan.recipes[0].model,
        resolution=plan.recipes[0].resolution,
        width=plan.size[1],
        height=plan.size[0],
        label=plan.asked.label,
        method=plan.asked.method,
        fps=plan.asked.fps,
        loop=plan.asked.loop,
        frames=[
            EncodedFrame(
                start=recipe.point.start,
                end=recipe.point.end,
                t=recipe.point.t,
                pixel_sha256=file.pixel_sha256,
                data=base64.b64encode(file.content).decode("ascii"),
            )
            for recipe, file in zip(plan.recipes, files, strict=True)
        ],
    )
    return File(answer.model_dump_json().encode(), JSON, pixel_sha256(frames))
