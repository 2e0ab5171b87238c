"""The card of a bundle: what a model is, where it came from, and how good it is.

Owns `Card`, its JSON form, and the strictness with which it is read. Knows no tensor.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self, TypeVar

from models.families.progan.config import ExitShape, NetworkConfig

T = TypeVar("T")

FORMAT_VERSION = 2  # 1 had exits of one convolution each, and no cost of them
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class CardError(ValueError):
    """A card that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Exit:
    """One resolution at which images leave the network.

    Attributes:
        resolution: of the level; what pictures measure there is `NetworkConfig.size_at`.
        kernels: width of each convolution that makes the image, in pixels of that level.
        psnr_db: fidelity to the box-downsampled finished picture over held-out seeds, in decibels;
            None at the top, which is the finished picture.
        hidden: feature maps between one convolution and the next.
        multiply_adds: what the exit costs for each image; None where nobody counted.
        share_of_path: that cost, relative to stem and levels up to this exit.
    """

    resolution: int
    kernels: tuple[int, ...]
    psnr_db: float | None
    hidden: tuple[int, ...] = ()
    multiply_adds: int | None = None
    share_of_path: float | None = None

    def __post_init__(self) -> None:
        _ = self.shape  # which refuses what is none

    @property
    def shape(self) -> ExitShape:
        """What the network needs to know of it."""
        return ExitShape(self.kernels, self.hidden)


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
        resolution: of the level.
        pixel_sha256: of the raw uint8 bytes; equal on the same kind of device and libraries.
        thumbnail: `models.picture.thumbnail_of` the picture; equal within a few steps anywhere.
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
        if not len(self.labels) == len(set(self.labels)) == self.network.classes:
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
            CardError: a format that is not known, a missing or unknown key, or a value that does
                not fit.
        """
        values = _in_newest_format(values)
        _require_keys("card", values, cls)
        try:
            read: dict[str, Any] = {
                **values,
                "network": NetworkConfig.from_dict(values["network"]),
                "exits": tuple(_read_exit(e) for e in values["exits"]),
                "data": _read(Data, "data", values["data"]),
                "golden": tuple(_read_golden(g) for g in values["golden"]),
                "labels": tuple(values["labels"]),
            }
            return cls(**read)
        except (TypeError, ValueError) as error:
            raise CardError(f"the card does not fit: {error}") from error


def _in_newest_format(values: dict[str, Any]) -> dict[str, Any]:
    """A card of any format that is understood, as this release would have written it."""
    version: object = values.get("format_version")
    if version == FORMAT_VERSION and type(version) is int:
        return values
    if version != 1 or type(version) is not int:
        raise CardError(
            f"the bundle has format version {version!r}, this release reads 1 to "
            f"{FORMAT_VERSION}: use the release that wrote it, or export it again"
        )
    try:
        exits = [_exit_of_version_1(e) for e in values["exits"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise CardError("the exits of the card do not fit: export the bundle again") from error
    return {**values, "exits": exits, "format_version": FORMAT_VERSION}


def _exit_of_version_1(exit_: dict[str, Any]) -> dict[str, Any]:
    """One convolution makes the image; its cost is not known."""
    rest = {key: value for key, value in exit_.items() if key != "kernel"}
    unknown = {"multiply_adds": None, "share_of_path": None}
    return {**rest, "kernels": [exit_["kernel"]], "hidden": [], **unknown}


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


def _read_exit(values: dict[str, Any]) -> Exit:
    exit_ = _read(Exit, "exit", values)
    return replace(exit_, kernels=tuple(exit_.kernels), hidden=tuple(exit_.hidden))


def _read_golden(values: dict[str, Any]) -> Golden:
    golden = _read(Golden, "golden seed", values)
    return replace(golden, thumbnail=tuple(golden.thumbnail))
