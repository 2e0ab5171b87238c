"""Messages between front ends and engines, and their form as bytes.

Owns the types of messages. They are MessagePack, checked against these types when they are read:
nothing is unpickled. Pixels are in shared memory; a message names their block. Knows neither
sockets nor processes.
"""

from __future__ import annotations

import msgspec

from models.card import Card
from service.batching.engine import EngineMode, ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.errors import NotReady
from service.refusal import Refusal, error_of
from service.registry.catalogue import Catalogue


class Message(msgspec.Struct, tag=True, array_like=True, frozen=True, gc=False):
    """Base class of all messages; its name is sent with it."""


# ---------------------------------------------------------------------------------------- requests


class RenderRequest(Message, frozen=True):
    """A front end asks for the images of one request.

    Attributes:
        number: repeated in the answer.
        places, sizes: first byte and number of bytes of each image in the shared memory.
        timeout_s: maximum seconds; None for bulk images, which have the lower priority.
        window: maximum number of unfinished recipes in the queue; None for all of them.
        ahead_s, own_s: predicted encoding, as in `service.batching.waiting.Encoding`.
    """

    number: int
    recipes: list[Recipe]
    places: list[int]
    sizes: list[int]
    timeout_s: float | None
    window: int | None = None
    ahead_s: float = 0.0
    own_s: float = 0.0


class CancelRequest(Message, frozen=True):
    """A front end no longer needs an answer; it is answered nevertheless."""

    number: int


class HoldModel(Message, frozen=True):
    """A front end needs a model until it releases it, or ends."""

    model: str


class ReleaseModel(Message, frozen=True):
    """A front end no longer needs a model."""

    model: str


# ---------------------------------------------------------------------------------------- answers


class ImageTiming(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The timing of an image, as in `service.batching.queue.Rendered`."""

    queue_s: float
    generate_s: float
    batch_size: int
    began_at: float


class RenderAnswer(Message, frozen=True):
    """The pixels of all images of a request are in their blocks."""

    number: int
    timings: list[ImageTiming]


class RefusedAnswer(Message, frozen=True):
    """A request was refused, or failed."""

    number: int
    refusal: Refusal


class EngineReport(Message, frozen=True):
    """The state of an engine process, several times a second.

    Attributes:
        not_ready: reason why it should get no requests; None if it should.
        costs: predicted fixed seconds of a batch and seconds of an image by resolution, by model.
    """

    queued_images: int
    queued_s: float
    images_per_s: float
    not_ready: Refusal | None
    costs: dict[str, tuple[float, dict[int, float]]]


class ModelReport(msgspec.Struct, array_like=True, frozen=True):
    """A loaded model: the JSON of its card, and the rest of `ModelInfo`."""

    card: bytes
    mode: EngineMode
    watermark: str | None
    self_test: str


class CatalogueReport(Message, frozen=True):
    """The models of an engine process, sent when they change."""

    models: list[ModelReport]
    retiring: list[ModelReport]
    refused: dict[str, str]
    default: str | None
    no_default_reason: str


FromFrontEnd = RenderRequest | CancelRequest | HoldModel | ReleaseModel
FromEngine = RenderAnswer | RefusedAnswer | EngineReport | CatalogueReport


# ---------------------------------------------------------------------------------------- forms


def timing_of_image(image: Rendered) -> ImageTiming:
    """The timing of a rendered image."""
    return ImageTiming(image.queue_s, image.generate_s, image.batch_size, image.began_at)


def not_ready_of(refusal: Refusal) -> NotReady:
    """The reason why an engine is not ready."""
    error = error_of(refusal)
    return NotReady(str(error), retry_after_s=error.retry_after_s, **error.members)


def report_of_catalogue(catalogue: Catalogue) -> CatalogueReport:
    """The form of a catalogue."""
    return CatalogueReport(
        [_report_of(info) for info in catalogue.models.values()],
        [_report_of(info) for info in catalogue.retiring.values()],
        dict(catalogue.refused),
        catalogue.default,
        catalogue.no_default_reason,
    )


def catalogue_in(report: CatalogueReport) -> Catalogue:
    """The catalogue that a report describes."""
    models = [_info_in(each) for each in report.models]
    retiring = [_info_in(each) for each in report.retiring]
    return Catalogue(
        {info.card.name: info for info in models},
        report.refused,
        report.default,
        retiring={info.pinned_name: info for info in retiring},
        no_default_reason=report.no_default_reason,
    )


def _report_of(info: ModelInfo) -> ModelReport:
    card = msgspec.json.encode(info.card.to_dict())
    return ModelReport(card, info.mode, info.watermark, info.self_test)


def _info_in(report: ModelReport) -> ModelInfo:
    card = Card.from_dict(msgspec.json.decode(report.card))
    return ModelInfo(card, report.mode, report.watermark, report.self_test)
