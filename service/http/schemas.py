"""JSON answers, as OpenAPI describes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.batching.engine import ModelInfo
from service.batching.recipe import Method


class EncodedImage(BaseModel):
    """One picture in a JSON answer."""

    seed: str = Field(
        description="Its integer seed as text, since JavaScript would round the number.",
        examples=["4324366298666226421"],
    )
    seed_as_asked: str | None = Field(
        description="The text that was sent; null where the seed was drawn.", examples=["ripley"]
    )
    label: str | None = Field(description="Its class; null for models without labels.")
    width: int
    height: int
    format: str
    media_type: str
    pixel_sha256: str
    url: str = Field(description="Path and query where the same bytes are for ever.")
    facts: dict[str, str] = Field(description="All that made it, as its file says it.")
    data: str = Field(description="The file, in base64.")


class GenerateAnswer(BaseModel):
    """Several pictures as JSON."""

    model: str
    resolution: int
    images: list[EncodedImage]


class EncodedFrame(BaseModel):
    """One frame of a walk in a JSON answer: at fraction `t` between seed `start` and seed `end`."""

    start: str
    end: str
    t: float
    pixel_sha256: str
    facts: dict[str, str] = Field(description="All that made it, as its file says it.")
    data: str = Field(description="A PNG file, in base64.")


class WalkAnswer(BaseModel):
    """A walk as JSON."""

    model: str
    resolution: int
    width: int
    height: int
    label: str | None = Field(description="The class that was asked for, of all frames.")
    seeds: list[str] = Field(description="Integer seeds of the key frames, as text.")
    seeds_as_asked: list[str] = Field(description="The same seeds as they were sent.")
    method: Method
    fps: int
    loop: bool
    facts: dict[str, str] = Field(description="All that made the walk.")
    frames: list[EncodedFrame]


class PictureSize(BaseModel):
    """Width and height in pixels of the pictures of a resolution."""

    resolution: int
    width: int
    height: int


class ModelCard(BaseModel):
    """Card of a model, and how it runs in this service."""

    name: str
    pinned_name: str
    digest: str
    platform: str = Field(
        description="Device, processor, number format and libraries that make its pictures here. "
        "The same digest on the same platform gives the same pixels, byte for byte; on another "
        "one, pixels may differ by a rounding.",
        examples=["cpu, AVX2, fp32, torch 2.13.0+cpu, openvino 2026.4.1"],
    )
    default: bool
    title: str
    description: str
    licence: str
    resolutions: list[int]
    sizes: list[PictureSize] = Field(description="Of its resolutions, in the same order.")
    channels: int
    bit_depth: int = Field(description="Of its pictures: 8, or 16 for gray ones.")
    value_range: list[float] | None = Field(
        description="Values of the pixels 0 and 65,535 of 16 bits; null with 8 bits.",
        examples=[[0.0, 4095.0]],
    )
    labels: list[str]
    family: str = Field(description="Family of the generator.", examples=["progan"])
    takes: list[str] = Field(
        description="Names of what a request may choose; `source` and `to` are of POST /translate, "
        "whose domains are the labels.",
        examples=[["seed", "label", "psi", "mix"]],
    )
    max_psi: float | None = Field(
        description="The most that `psi` may be; null for a model that does not take it."
    )
    directions: list[dict[str, Any]] = Field(
        description="Named directions for `edit`: name, method, and the share of the variance."
    )
    exits: list[dict[str, Any]]
    data: dict[str, Any]
    training: dict[str, Any]
    quality: dict[str, Any]
    engine: dict[str, Any]


class ModelList(BaseModel):
    """All models, and the default one; null if the default is missing."""

    default: str | None
    models: list[ModelCard]


class Health(BaseModel):
    """Successful answer of a health route."""

    status: str


class Readiness(Health):
    """Models of a ready service, rejected bundles, and old digests that are still served."""

    default: str
    models: list[str]
    refused: dict[str, str]
    leaving: list[str]


class QueueStatus(BaseModel):
    """The queue in front of the engine."""

    pictures: int = Field(description="Pictures that wait for a batch.")
    seconds: float = Field(description="Predicted seconds until they are computed.")
    capacity: int = Field(description="Pictures that may wait; more are refused.")
    capacity_s: float = Field(description="Predicted seconds of work that may wait.")


class ServiceStatus(BaseModel):
    """Present state of the service, for an open page."""

    version: str
    uptime_s: float = Field(description="Seconds since the start of this process.")
    ready: bool = Field(description="False while models load, at shutdown and after a fault.")
    queue: QueueStatus
    pictures_a_second: float = Field(
        description="Mean of the computed pictures of the last minute, or since the start."
    )
    refused: dict[str, int] = Field(
        description="Requests that were refused in the last minute, by reason.",
        examples=[{"queue_full": 0, "rate_limit": 2, "deadline": 0, "cancelled": 1, "draining": 0}],
    )
    default: str | None = Field(description="Name of the default model; null if there is none.")
    models: list[str] = Field(description="Names of the models that are served.")


class Problem(BaseModel):
    """An error, as RFC 9457 describes it; further members depend on its type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="Stable name of the kind of problem.",
        examples=["urn:problem-type:progan:out-of-range"],
    )
    title: str = Field(examples=["A parameter is out of range"])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="What is wrong and what to do, for people.",
        examples=["resolution: fashion-32 has no 48; it has 4, 8, 16, 32"],
    )
    instance: str = Field(description="Path of the request.", examples=["/images/ada"])
    request_id: str | None = Field(examples=["0f8fad5bd9cb469fa165708616b3a7f8"])


def picture_size(served: ModelInfo, resolution: int) -> PictureSize:
    """Return the width and height in pixels of the pictures of a model at a resolution."""
    height, width = served.size_at(resolution)
    return PictureSize(resolution=resolution, width=width, height=height)


def model_card(served: ModelInfo, default: str | None) -> ModelCard:
    """Return the answer for one model; golden seeds are left out."""
    card, mode = served.card, served.mode
    values = card.to_dict()
    return ModelCard(
        name=card.name,
        pinned_name=card.pinned_name,
        digest=card.weights_sha256,
        platform=mode.platform,
        default=card.name == default,
        title=card.title,
        description=card.description,
        licence=card.licence,
        resolutions=list(card.resolutions),
        sizes=[picture_size(served, resolution) for resolution in card.resolutions],
        channels=card.network.channels,
        bit_depth=card.bit_depth,
        value_range=list(card.value_range) if card.value_range else None,
        labels=list(card.labels),
        family=card.family,
        takes=list(card.takes),
        max_psi=card.network.max_psi if "psi" in card.takes else None,
        directions=[asdict(direction) for direction in card.directions],
        exits=list(values["exits"]),
        data=values["data"],
        training=card.training,
        quality=card.quality,
        engine={
            "device": mode.device,
            "processor": mode.processor,
            "precision": mode.precision,
            "libraries": mode.libraries,
            "exact": mode.exact,
            "watermark": served.watermark,
            "golden": {"tried": mode.golden_tried, "equal": mode.golden_equal},
            "self_test": served.self_test,
        },
    )
