"""The card of a bundle: what a model is, where it came from, and how good it is.

Owns `Card`, its JSON form, and the strictness with which it is read. Knows no tensor.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self, TypeVar

from models.config import NetworkConfig

T = TypeVar("T")

FORMAT_VERSION = 1
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class CardError(ValueError):
    """A card that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Exit:
    """One resolution at which images leave the network.

    Attributes:
        resolution: width and height in pixels.
        kernel: width of the convolution that makes the image, in pixels of that level.
        psnr_db: fidelity to the box-downsampled finished picture over held-out seeds, in decibels;
            None at the top, which is the finished picture.
    """

    resolution: int
    kernel: int
    psnr_db: float | None


@dataclass(frozen=True)
class Data:
    """The data set a model learned from, and whom to thank."""

    name: str
    licence: str
    attribution: str
    images: int
    note: str = ""


@dataclass(frozen=True)
class Golden:
    """What one seed looked like at export, so that a loaded bundle can be proved.

    Attributes:
        seed: an integer seed.
        resolution: width and height in pixels.
        pixel_sha256: of the raw uint8 bytes; equal on the same kind of device and libraries.
        thumbnail: `models.pixels.thumbnail_of` the picture; equal within a few steps anywhere.
    """

    seed: int
    resolution: int
    pixel_sha256: str
    thumbnail: tuple[int, ...]


@dataclass(frozen=True)
class Card:
    """Everything a bundle says of itself, apart from the weights.

    Attributes:
        name: how clients call the model: lower-case letters, digits, `.`, `_`, `-`.
        weights_sha256: of the file `generator.safetensors`, in hexadecimal; the model's digest.
        labels: the class names of a conditional model, in order; empty without classes.
        training: preset, images shown, wall time, commit and whatever else tells how it came about.
        quality: numbers, each with how it was measured.
    """

    name: str
    title: str
    description: str
    licence: str
    network: NetworkConfig
    exits: tuple[Exit, ...]
    data: Data
    weights_sha256: str
    golden: tuple[Golden, ...]
    labels: tuple[str, ...] = ()
    training: dict[str, Any] = field(default_factory=dict[str, Any])
    quality: dict[str, Any] = field(default_factory=dict[str, Any])
    family: str = "progan"
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise CardError(
                f"model name {self.name!r}: use 1 to 64 lower-case letters, digits, '.', '_' or "
                "'-', beginning with a letter or digit"
            )
        if tuple(e.resolution for e in self.exits) != self.network.resolutions:
            raise CardError("the card must list one exit for each resolution, smallest first")
        if len(set(self.labels)) != self.network.classes:
            raise CardError(
                f"the card must list one label for each of {self.network.classes} classes, all "
                f"different, not {', '.join(self.labels) or 'none'}"
            )

    @property
    def pinned_name(self) -> str:
        """The name that never means another model: `name@digest`."""
        return f"{self.name}@{self.weights_sha256}"

    @property
    def resolutions(self) -> tuple[int, ...]:
        """The resolutions the model offers, smallest first."""
        return self.network.resolutions

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"network": self.network.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            CardError: a newer format, a missing or unknown key, or a value that does not fit.
        """
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise CardError(
                f"the bundle has format version {version!r}, this release reads {FORMAT_VERSION}: "
                "use the release that wrote it, or export it again"
            )
        _require_keys("card", values, cls)
        try:
            read: dict[str, Any] = {
                **values,
                "network": NetworkConfig.from_dict(values["network"]),
                "exits": tuple(_read(Exit, "exit", e) for e in values["exits"]),
                "data": _read(Data, "data", values["data"]),
                "golden": tuple(_read_golden(g) for g in values["golden"]),
                "labels": tuple(values["labels"]),
            }
            return cls(**read)
        except (TypeError, ValueError) as error:
            raise CardError(f"the card does not fit: {error}") from error


def _require_keys(what: str, values: dict[str, Any], kind: type) -> None:
    known = {f.name for f in fields(kind)}
    missing, unknown = sorted(known - set(values)), sorted(set(values) - known)
    if missing or unknown:
        parts = [f"missing {', '.join(missing)}"] * bool(missing)
        parts += [f"unknown {', '.join(unknown)}"] * bool(unknown)
        raise CardError(f"the {what} has {' and '.join(parts)}: export the bundle again")


def _read(kind: type[T], what: str, values: dict[str, Any]) -> T:
    _require_keys(what, values, kind)
    return kind(**values)


def _read_golden(values: dict[str, Any]) -> Golden:
    golden = _read(Golden, "golden seed", values)
    return replace(golden, thumbnail=tuple(golden.thumbnail))
