"""Query parameters of the routes with pictures, with their fixed limits.

Limits that depend on the model (resolutions, labels) are checked by `catalogue`; limits from the
settings, by the routes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.latent import MAX_SEED
from service.batching.recipe import Method
from service.datasets.dataset import MAX_DATASET_COUNT
from service.http.parameters import (
    SEEDS_ALLOWED,
    Edits,
    Label,
    Mix,
    ModelName,
    NeverNull,
    Psi,
    Resolution,
    SeedText,
)
from service.number_texts import PlainNumbers

MAX_COUNT = 64
MAX_KEY_FRAMES = 16
MAX_STEPS = 240
MAX_FPS = 60
MAX_STRIP_FRAMES = 64  # as many as pictures on a contact sheet

ImageFormatName = Literal["png", "webp", "jpeg"]
WalkFormatName = Literal["webp", "gif", "png", "mp4", "strip", "zip", "json"]
ArchiveFormatName = Literal["zip", "webdataset"]


class Parameters(PlainNumbers, BaseModel):
    """The query of a request: unknown parameters are refused, empty ones count as left out."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: dict[str, object]) -> dict[str, object]:
        """Remove empty fields, since forms send all fields; an empty seed stays and is refused."""
        optional = cls.model_fields.keys() - {"seed"}
        return {
            name: value for name, value in values.items() if value != "" or name not in optional
        }


class ImageQuery(Parameters):
    """Parameters of the picture of a seed in the path, or of a point between it and another."""

    end: Annotated[SeedText | None, NeverNull()] = Field(
        default=None,
        description="A second seed: the picture lies between the two, as a frame of an "
        f"interpolation does. It is {SEEDS_ALLOWED}.",
    )
    t: Annotated[float | None, NeverNull()] = Field(
        default=None,
        examples=[0.25],
        json_schema_extra={"minimum": 0.0, "maximum": 1.0},  # checked by `point_at`
        description="With `end`: how far from the first seed (0) to the second (1); else 0.5. The "
        "picture equals frame i of an interpolation of n steps where t = i / n.",
    )
    method: Annotated[Method | None, NeverNull()] = Field(
        default=None,
        description="With `end`: slerp, along the great circle, or lerp, the straight line; else "
        "slerp. Models that take mix go from style to style by lerp only.",
    )
    resolution: Resolution = None
    model: ModelName = None
    label: Label = None
    psi: Psi = None
    mix: Mix = None
    edit: Edits = []
    watermark: Annotated[str | None, NeverNull()] = Field(
        default=None,
        description="As the service wrote it into an address; another one is refused.",
        min_length=1,
    )
    format: Annotated[ImageFormatName | None, NeverNull()] = Field(
        default=None,
        description="png and webp are lossless; else by the ending of the path, else png.",
    )


class SeedQuery(ImageQuery):
    """Parameters of a picture, including the seed."""

    seed: SeedText = Field(description=SEEDS_ALLOWED)


class GenerateQuery(Parameters):
    """Parameters of `POST /generate`."""

    resolution: Resolution = None
    count: Annotated[int | None, NeverNull()] = Field(
        default=None, ge=1, le=MAX_COUNT, description="How many; else as many as seeds, or 1."
    )
    seed: list[SeedText] = Field(
        default=[],
        max_length=MAX_COUNT,
        examples=[["7", "ada"]],
        description=f"{SEEDS_ALLOWED}; repeatable. Drawn where left out; the answer says which.",
    )
    model: ModelName = None
    format: Annotated[ImageFormatName | None, NeverNull()] = Field(
        default=None, description="Of each picture; else by Accept, else png."
    )
    label: Label = None
    psi: Psi = None
    mix: Mix = None
    edit: Edits = []


class TranslateQuery(Parameters):
    """Parameters of `POST /translate`."""

    model: Annotated[str | None, NeverNull()] = Field(
        default=None,
        min_length=1,
        description="A model that takes `source` and `to` (`GET /models`), also pinned; else the "
        "one of the highest resolution.",
    )
    to: Annotated[str | None, NeverNull()] = Field(
        default=None, description="Domain of the result: one of the model's labels."
    )
    resolution: Resolution = None
    format: Annotated[ImageFormatName | None, NeverNull()] = Field(
        default=None, description="Else by Accept, else png."
    )


class WalkQuery(Parameters):
    """Parameters of a walk."""

    seed: list[SeedText] = Field(
        min_length=2,
        max_length=MAX_KEY_FRAMES,
        examples=[["7", "ada"]],
        description=f"Key frames, in order, repeated: {SEEDS_ALLOWED}.",
    )
    steps: int = Field(
        default=24,
        ge=1,
        le=MAX_STEPS,
        description="From one key frame to the next.",
        examples=[8],
    )
    resolution: Resolution = None
    model: ModelName = None
    label: Label = None
    psi: Psi = None
    mix: Mix = None
    edit: Edits = []
    format: WalkFormatName = Field(
        default="webp",
        description="webp, gif and png are animated; strip is one PNG with up to "
        f"{MAX_STRIP_FRAMES} frames side by side in rows; zip and json hold single frames.",
    )
    fps: int = Field(default=24, ge=1, le=MAX_FPS, description="Frames per second.")
    loop: bool = Field(
        default=False, description="Walk on from the last key frame back to the first."
    )
    method: Annotated[Method | None, NeverNull()] = Field(
        default=None,
        description="slerp, along the great circle, or lerp, the straight line; else slerp. Models "
        "that take mix go from style to style by lerp only.",
    )


class DatasetQuery(Parameters):
    """Parameters of a data set."""

    count: int = Field(
        ge=1, le=MAX_DATASET_COUNT, description="Number of pictures.", examples=[1000]
    )
    from_seed: int = Field(
        default=0,
        ge=0,
        le=MAX_SEED,
        description="First seed; a download that was cut goes on with the first missing one.",
    )
    resolution: Resolution = None
    model: ModelName = None
    label: Label = None
    psi: Psi = None
    edit: Edits = []
    format: ArchiveFormatName = Field(
        default="zip", description="webdataset is a tar file as the library of this name reads it."
    )
    image_format: ImageFormatName = Field(
        default="png", description="Of each picture; png and webp are lossless."
    )
