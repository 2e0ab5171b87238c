"""`GET /interpolate`: a walk from picture to picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from service.animate import ANIMATOR_VERSION, MOVING_FORMATS, animate
from service.answers import caching, is_fresh, provenance
from service.catalogue import Served
from service.deps import CatalogueDep, ServingDep
from service.errors import OutOfRange
from service.fingerprint import etag_of, pixel_sha256
from service.gather import zip_images
from service.limits import while_connected
from service.picture import Pixels
from service.recipe import Recipe, frames_of_walk, walk
from service.routes.documentation import WALK
from service.schemas import EncodedFrame, WalkAnswer, WalkQuery, seed_of
from service.serving import Serving
from service.studio import SOFTWARE, File, Timing, file_of, timing_of

router = APIRouter(tags=["images"])

FRAME_FORMAT = "png"  # of the single frames in a ZIP file or JSON


@router.get("/interpolate", response_class=Response, responses=WALK)
async def interpolate(
    request: Request,
    asked: Annotated[WalkQuery, Query()],
    catalogue: CatalogueDep,
    serving: ServingDep,
) -> Response:
    """A walk through latent space from seed to seed."""
    served = catalogue.find(asked.model)
    seeds = [seed_of(text) for text in asked.seed]
    recipes = recipes_of(asked, seeds, served, serving.settings.walk_frames)
    resolution = recipes[0].resolution

    encoding = f"{asked.format} {asked.fps} {asked.loop} {ANIMATOR_VERSION}"
    etag = etag_of(recipes, served.mode, encoding)
    headers = caching(etag, asked.model)
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    made, timing = await while_connected(request, make(serving, recipes, asked, seeds))
    headers |= provenance(request, served, seeds, resolution, made.pixel_sha256, timing)
    return Response(made.content, headers=headers, media_type=made.media_type)


def recipes_of(
    asked: WalkQuery, seeds: Sequence[int], served: Served, most_frames: int
) -> list[Recipe]:
    """One recipe for each frame.

    Raises:
        OutOfRange: there would be more than `most_frames`, or the model lacks the resolution.
    """
    frames = frames_of_walk(len(seeds), asked.steps, loop=asked.loop)
    if frames > most_frames:
        segments = len(seeds) - (not asked.loop)
        most = most_frames // segments
        message = f"this walk has {frames} frames, {most_frames} are allowed: use {most} steps"
        raise OutOfRange("steps", message, {"ge": 1, "le": most})
    resolution = served.resolution_for(asked.resolution)
    points = walk(seeds, asked.steps, loop=asked.loop, method=asked.method)
    return [Recipe(served.pinned_name, point, resolution) for point in points]


async def make(
    serving: Serving, recipes: Sequence[Recipe], asked: WalkQuery, seeds: Sequence[int]
) -> tuple[File, Timing]:
    """The walk as a file, and where its time went."""
    images = await serving.studio.render_walk(recipes)
    frames = [image.pixels for image in images]
    write = {"json": as_json, "zip": as_zip}.get(asked.format, as_film)
    facts = {
        "seeds": " ".join(map(str, seeds)),
        "model": recipes[0].model,
        "resolution": str(recipes[0].resolution),
        "steps": str(asked.steps),
        "method": asked.method.value,
        "software": SOFTWARE,
    }
    made, took = await serving.studio.encode(
        asked.format, lambda: write(recipes, frames, asked, facts)
    )
    return made, timing_of(images, took)


def as_film(
    recipes: Sequence[Recipe], frames: Sequence[Pixels], asked: WalkQuery, facts: dict[str, str]
) -> File:
    """One moving picture."""
    content = animate(frames, asked.format, asked.fps, asked.loop, facts)
    return File(content, MOVING_FORMATS[asked.format].media_type, pixel_sha256(frames))


def as_zip(
    recipes: Sequence[Recipe], frames: Sequence[Pixels], asked: WalkQuery, facts: dict[str, str]
) -> File:
    """Each frame as a file, in order of name."""
    named = [
        (f"frame-{n:04d}.png", file_of(recipe, pixels, FRAME_FORMAT).content)
        for n, (recipe, pixels) in enumerate(zip(recipes, frames, strict=True))
    ]
    return File(zip_images(named, facts), "application/zip", pixel_sha256(frames))


def as_json(
    recipes: Sequence[Recipe], frames: Sequence[Pixels], asked: WalkQuery, facts: dict[str, str]
) -> File:
    """Each frame in base64, with its place on the way."""
    files = [file_of(r, p, FRAME_FORMAT) for r, p in zip(recipes, frames, strict=True)]
    answer = WalkAnswer(
        model=recipes[0].model,
        resolution=recipes[0].resolution,
        method=asked.method,
        fps=asked.fps,
        loop=asked.loop,
        frames=[
            EncodedFrame(
                start=recipe.point.start,
                end=recipe.point.end,
                t=recipe.point.t,
                pixel_sha256=file.pixel_sha256,
                data=base64.b64encode(file.content).decode("ascii"),
            )
            for recipe, file in zip(recipes, files, strict=True)
        ],
    )
    return File(answer.model_dump_json().encode(), "application/json", pixel_sha256(frames))
