"""The card of a bundle: description, origin and quality of a model, as JSON. Knows no tensor."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from models.direction import MAX_DIRECTIONS, Direction, require_different_names
from models.exit_shape import ExitShape, exit_of_version_1
from models.families.config import FamilyConfig
from models.families.configs import NetworkField, without_family
from models.latent import MAX_SEED
from models.picture import THUMBNAIL_SIZE, BitDepth, ValueRange, require_depth
from models.strict_json import STRICT, missing_keys, read_strictly

FORMAT_VERSION = 2  # version 1 had exits of one convolution each, without their cost
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ADVICE = "Export the bundle again with this release, or copy it again if it was damaged"

# Limits checked when a card is read. They only prevent a damaged card from describing an
# arbitrarily large network.
Kernel = Annotated[int, Field(ge=1, le=99)]
Maps = Annotated[int, Field(ge=1, le=1 << 16)]
Count = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Byte = Annotated[int, Field(ge=0, le=255)]


class CardError(ValueError):
    """An invalid card; the message states the remedy."""


def model_name_of(text: str) -> str:
    """Convert any text, such as a folder name, to a valid model name."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", ascii_text).lstrip("._-")[:64].rstrip("._-")
    return name or "model"


@dataclass(frozen=True)
class Exit:
    """One resolution of a model: the exit that produces its images.

    Attributes:
        resolution: of the level; `FamilyConfig.size_at` gives the height and width of its images.
        kernels: kernel width of each convolution, in pixels of that level.
        psnr_db: PSNR in decibels against the box-downsampled output of the top level, over held-out
            seeds; None at the top level.
        hidden: number of feature maps between consecutive convolutions.
        multiply_adds: multiply-adds of the exit per image; None if unknown.
        share_of_path: `multiply_adds` relative to those of stem and levels up to this exit; None if
            unknown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    resolution: int
    kernels: Annotated[tuple[Kernel, ...], Field(max_length=16)]
    psnr_db: float | None
    hidden: Annotated[tuple[Maps, ...], Field(max_length=15)] = ()
    multiply_adds: Count | None = None
    share_of_path: Annotated[float, Field(ge=0)] | None = None

    def __post_init__(self) -> None:
        _ = self.shape  # raises if the shape is invalid

    @property
    def shape(self) -> ExitShape:
        """Its convolutions, as the network takes them."""
        return ExitShape(self.kernels, self.hidden)


@dataclass(frozen=True)
class Data:
    """The data set a model was trained on, with its licence and attribution."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    licence: str
    attribution: str
    images: Count
    note: str = ""


@dataclass(frozen=True)
class Golden:
    """The image of one seed at export, used to verify a loaded bundle.

    Attributes:
        seed: an integer seed.
        resolution: of the level.
        pixel_sha256: `models.picture.pixel_sha256` of the image, in the bit depth of the card;
            equal on the same kind of device and libraries.
        thumbnail: `models.picture.thumbnail_of` the image; equal within a few gray levels on any
            device.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    resolution: int
    pixel_sha256: Sha256
    thumbnail: tuple[Byte, ...]


@dataclass(frozen=True)
class Card:
    """The description of a model: everything in a bundle except weights and preview.

    Attributes:
        name: of the model, in the API: lower-case letters, digits, `.`, `_`, `-`.
        weights_sha256: of the file `generator.safetensors`, in hexadecimal; the model's digest.
        labels: the class names of a conditional model, in order; empty without classes.
        training: preset, images shown, wall time, commit and other facts of the run.
        quality: metrics, each with its method of measurement.
        bit_depth: of the images: 8, or 16 for gray ones; not written if it is 8.
        value_range: values that the pixels 0 and 65,535 of 16 bits stand for, in the units of the
            data set; None and not written with 8 bits.
        directions: named directions, in the order of their vectors; not written without any.
        discriminator_sha256: of the file `discriminator.safetensors`, in hexadecimal; None and not
            written in a bundle that has no such file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    title: str
    description: str
    licence: str
    network: NetworkField
    exits: tuple[Exit, ...]
    data: Data
    weights_sha256: Sha256
    golden: tuple[Golden, ...]
    labels: tuple[str, ...] = ()
    training: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    quality: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    family: str = "progan"
    format_version: int = FORMAT_VERSION
    bit_depth: BitDepth = 8
    value_range: ValueRange | None = None
    directions: Annotated[tuple[Direction, ...], Field(max_length=MAX_DIRECTIONS)] = ()
    discriminator_sha256: Sha256 | None = None

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise CardError(
                f"model name {self.name!r}: use 1 to 64 lower-case letters, digits, '.', '_' or "
                "'-', beginning with a letter or digit"
            )
        if tuple(e.resolution for e in self.exits) != self.network.resolutions:
            raise CardError("the card must list one exit for each resolution, smallest first")
        are_different = len(self.labels) == len(set(self.labels)) == self.network.classes
        if not (are_different and all(self.labels)):  # an empty one could not be asked for
            raise CardError(
                f"the card must list one label for each of {self.network.classes} classes, all "
                f"different and none empty, not {', '.join(map(repr, self.labels)) or 'none'}"
            )
        try:
            require_different_names(self.directions)
            require_depth(self.bit_depth, self.network.channels, self.value_range)
        except ValueError as error:
            raise CardError(str(error)) from error

    @property
    def pinned_name(self) -> str:
        """The name with the digest, `name@digest`, which identifies exactly one model."""
        return f"{self.name}@{self.weights_sha256}"

    @property
    def resolutions(self) -> tuple[int, ...]:
        """The resolutions the model offers, smallest first."""
        return self.network.resolutions

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what a request may choose: `FamilyConfig.takes`, and `edit` with directions."""
        return (*self.network.takes, "edit") if self.directions else self.network.takes

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values that JSON can represent."""
        values = asdict(self) | {"network": self.network.to_dict()}
        if self.bit_depth == 8:  # as in cards from before there were others
            del values["bit_depth"], values["value_range"]
        if not self.directions:
            del values["directions"]
        if self.discriminator_sha256 is None:
            del values["discriminator_sha256"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read the output of `to_dict`.

        Raises:
            CardError: an unknown format, a missing or unknown key, or a value of the wrong type or
                out of range; the message contains the path of each.
        """
        values = _in_newest_format(values)
        try:
            card = read_strictly(_adapter(), values)
        except ValueError as error:
            told = without_family(str(error), values.get("network"))
            raise CardError(f"the card does not fit: {told}. {ADVICE}") from error
        if missing := [*missing_keys(card.to_dict(), values)]:
            raise CardError(f"the card does not fit: {', '.join(missing)}: missing. {ADVICE}")
        for golden in card.golden:
            _check_golden(golden, card.network)
        return cast("Self", card)


def _check_golden(golden: Golden, network: FamilyConfig) -> None:
    values = THUMBNAIL_SIZE**2 * network.channels
    if golden.resolution not in network.resolutions or len(golden.thumbnail) != values:
        raise CardError(
            f"the card does not fit: golden seed {golden.seed} needs one of the resolutions "
            f"{', '.join(map(str, network.resolutions))} and a thumbnail of {values} values, not "
            f"{golden.resolution} and {len(golden.thumbnail)}. {ADVICE}"
        )


@cache
def _adapter() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


def _in_newest_format(values: dict[str, Any]) -> dict[str, Any]:
    """Convert a card of any supported format version to the newest one."""
    version: object = values.get("format_version")
    if version == FORMAT_VERSION and type(version) is int:
        return values
    if version != 1 or type(version) is not int:
        raise CardError(
            f"the bundle has format version {version!r}, this release reads 1 to "
            f"{FORMAT_VERSION}: use the release that wrote it, or export it again with this one"
        )
    exits: object = values.get("exits")
    if not isinstance(exits, list):
        raise CardError(f"the card does not fit: exits: a list is needed. {ADVICE}")
    read = [exit_of_version_1(exit_) for exit_ in cast("list[object]", exits)]
    return {**values, "exits": read, "format_version": FORMAT_VERSION}
