"""A point on disk: a safetensors file with its vector, and JSON on where it comes from.

Owns the format. A point belongs to one model, named by the digest of its weights, and is read for
no other. Nothing in the file is executed. Knows no picture.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, cast

import numpy as np
import safetensors.numpy
from pydantic import ConfigDict, Field, TypeAdapter
from safetensors import SafetensorError, safe_open

from models.card import Card, Sha256
from models.latent import Latent
from models.layout import require_file
from models.strict_json import STRICT, parse_object, read_strictly
from training.generation import LatentPoint
from training.picture_files import write_whole

POINT_ENDING: Final = ".safetensors"
POINT_TENSOR: Final = "point"
POINT_METADATA: Final = "point"  # the key of the JSON
MAX_POINT_BYTES: Final = 8 << 20
LARGEST_NUMBER: Final = 1e6  # of a point; those of seeds are far below
MOST_SHOWN: Final = 100  # characters of a text, in a message
NUMBER_TYPE: Final = "F32"  # as safetensors names float32
SpaceName = Literal["latent", "style"]


class PointError(ValueError):
    """A file that holds no point, or one of another model."""


@dataclass(frozen=True)
class PointFacts:
    """Origin of a point.

    Attributes:
        model: name of the model.
        weights_sha256: digest of its weights.
        space: of the vector.
        label: name of the class; None for a model without classes.
        resolution: at which it was searched for.
        loss: `pixel_error` and `feature_distance`.
        pixel_error: mean squared difference from the picture, in units of [-1, 1].
        feature_distance: of features of EfficientNet-Lite0; None if they were not used.
        seed: of the search.
        picture_sha256: digest of the file with the picture.
        format_version: of this file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    model: str
    weights_sha256: Sha256
    space: SpaceName
    label: str | None
    resolution: int
    loss: float
    pixel_error: float
    feature_distance: float | None
    seed: Annotated[int, Field(ge=0)]
    picture_sha256: Sha256
    format_version: Literal[1] = 1


def write_point(path: Path, vector: Latent, facts: PointFacts) -> None:
    """Write a point `[S]` atomically.

    Raises:
        OSError: the disk is full.
    """
    metadata = {POINT_METADATA: json.dumps(asdict(facts), ensure_ascii=False)}
    tensors = {POINT_TENSOR: vector}
    write_whole(path, lambda path: safetensors.numpy.save_file(tensors, path, metadata))


def read_point(path: Path, card: Card) -> LatentPoint:
    """Read a point of the model of a card.

    Raises:
        PointError: no point, or one of another model.
    """
    try:
        require_file(path, MAX_POINT_BYTES)
        with safe_open(path, "numpy") as file:  # pyright: ignore[reportUnknownVariableType]
            metadata = cast("dict[str, str] | None", file.metadata())
            if file.get_slice(POINT_TENSOR).get_dtype() != NUMBER_TYPE:  # numpy lacks some types
                raise ValueError("its numbers are not of float32")
            vector = cast("Latent", file.get_tensor(POINT_TENSOR))
        text = (metadata or {}).get(POINT_METADATA, "")
        facts = read_strictly(TypeAdapter(PointFacts), parse_object(text))
    except FileNotFoundError as error:
        raise PointError(f"{path}: there is no such file") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise PointError(
            f"{path} holds no point that `python -m training project` wrote: {error}"
        ) from error
    if facts.weights_sha256 != card.weights_sha256:
        raise PointError(
            f"{path} is a point of {shown_text(facts.model)}@{facts.weights_sha256[:12]}, not of "
            f"{card.name}@{card.weights_sha256[:12]}: name its bundle, or project the picture again"
        )
    space = "style" if "mix" in card.takes else "latent"
    if facts.space != space:
        raise PointError(f"{path} is a {facts.space}, and the points of {card.name} are {space}s")
    expected = (card.network.direction_size,)
    # Also false for what is not a number.
    if vector.shape != expected or not (np.abs(vector) <= LARGEST_NUMBER).all():
        raise PointError(
            f"{path} does not hold {expected[0]} numbers from -{LARGEST_NUMBER:,.0f} to "
            f"{LARGEST_NUMBER:,.0f}"
        )
    return LatentPoint(vector, _number_of(facts.label, card, path))


def _number_of(label: str | None, card: Card, path: Path) -> int | None:
    if (label is None) != (not card.labels) or (label is not None and label not in card.labels):
        if label is None:
            raise PointError(f"{path} has no class, and {card.name} has {len(card.labels)}")
        raise PointError(
            f"{path} is of the class {shown_text(label)}, which {card.name} does not have"
        )
    return None if label is None else card.labels.index(label)


def shown_text(text: str) -> str:
    """The beginning of a text from a file; characters that a terminal obeys are escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:MOST_SHOWN])
