"""The configuration of a network, as every family has it.

Owns `FamilyConfig`: the part that all families share, its arithmetic, its limits and its JSON form.
A family adds its own fields in a frozen dataclass. Knows no tensor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import Field, asdict, fields
from functools import cache
from typing import Any, ClassVar, Self, cast

from pydantic import ConfigDict, TypeAdapter

from models.resolution import (
    IMAGE_CHANNELS,
    MIN_RESOLUTION,
    Size,
    level_of,
    require_base,
    resolution_of,
    size_of,
)
from models.strict_json import STRICT, missing_keys, read_strictly

MAX_PSI = 1.5  # the largest truncation that may be chosen in any family
MAX_NUMBER = 1 << 20  # upper limit of every field; such a network exceeds any memory


class FamilyConfig(ABC):
    """Hyperparameters that determine the shapes of generator and discriminator.

    Attributes:
        NAME: of the family, in messages; it follows "a".
        family: name of the family, a key of `models.families.configs.FAMILY_CONFIGS`.
        resolution: of the top level, a power of two, 8 to 1024.
        channels: of the image: 1 gray, 3 RGB, 4 RGBA.
        latent_size: numbers in a latent.
        classes: of a conditional network; 0 without classes.
        base_height: pixels at level 0.
        base_width: pixels at level 0.
        tiling: True if images join at opposite edges.
        stem_norm: False if the first layer of the generator has no normalisation.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # those of a family
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"classes", "base_height", "base_width"})
    MAY_BE_ZERO: ClassVar[frozenset[str]] = frozenset({"classes"})
    NAME: ClassVar[str]

    family: str
    resolution: int
    channels: int
    latent_size: int
    classes: int
    base_height: int
    base_width: int
    tiling: bool = False
    stem_norm: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            _require_value(field, getattr(self, field.name), self.MAY_BE_ZERO)
        require_base(self.base)
        level_of(self.resolution)
        if self.resolution < MIN_RESOLUTION:
            raise ValueError(f"resolution must be at least {MIN_RESOLUTION}, not {self.resolution}")
        if self.channels not in IMAGE_CHANNELS:
            raise ValueError(f"channels must be one of {IMAGE_CHANNELS}, not {self.channels}")

    @property
    def top_level(self) -> int:
        """The highest level, which has `resolution`."""
        return level_of(self.resolution)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """The resolutions of all levels, smallest first."""
        return tuple(resolution_of(level) for level in range(self.top_level + 1))

    @property
    def base(self) -> Size:
        """Height and width of level 0, in pixels."""
        return self.base_height, self.base_width

    def size_at(self, resolution: int) -> Size:
        """Height and width in pixels of the images of a level."""
        return size_of(resolution, self.base)

    @property
    @abstractmethod
    def entry_size(self) -> int:
        """Numbers in the entry vector of one picture: latent and class together."""

    @property
    def direction_size(self) -> int:
        """Numbers in a direction: of a latent, or of a style in networks that have them."""
        return self.latent_size

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what a request may choose: `seed`, and `label` in a network with classes."""
        return ("seed", "label") if self.classes else ("seed",)

    @property
    def max_psi(self) -> float:
        """The largest truncation that may be chosen, in a network that takes `psi`."""
        return MAX_PSI

    @abstractmethod
    def feature_maps(self, level: int) -> int:
        """Number of feature maps in the layers of `level`."""

    @abstractmethod
    def path_costs(self) -> Sequence[float]:
        """Multiply-adds of the generator up to each level, for one image, without its exits.

        The discriminator mirrors the generator, so the cost of both is a multiple of this.
        """

    @classmethod
    def narrow(cls, config: FamilyConfig) -> Self:
        """Return `config`, as one of this family.

        Raises:
            TypeError: it is of another family.
        """
        if not isinstance(config, cls):
            raise TypeError(f"a {cls.NAME} cannot be built of {type(config).__name__}")
        return config

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values, as in a card or a run; `OPTIONAL` ones only if not the default.

        Releases without classes or rectangular images can therefore read cards that use neither.
        """
        all_fields = fields(self)
        usual = {field.name: field.default for field in all_fields if field.name in self.OPTIONAL}
        values = asdict(self)
        return {k: v for k, v in values.items() if k not in usual or v != usual[k]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read the output of `to_dict`.

        Raises:
            ValueError: a key is missing or unknown, or a value has the wrong type or range.
        """
        try:
            config = cast("Self", read_strictly(_adapter(cls), values))
            if missing := [*missing_keys(config.to_dict(), values)]:
                raise ValueError(f"{', '.join(missing)}: missing")
        except ValueError as error:
            raise ValueError(f"network settings do not fit: {error}") from error
        return config


def _require_value(field: Field[Any], value: object, may_be_zero: Collection[str]) -> None:
    """Check the type and the limits of one field."""
    if isinstance(field.default, bool):
        if type(value) is not bool:
            raise ValueError(f"{field.name} must be true or false, not {value!r:.20}")
    elif isinstance(field.default, str):
        if value != field.default:
            raise ValueError(f"{field.name} must be {field.default!r}, not {value!r:.20}")
    elif type(value) is not int or not (field.name not in may_be_zero) <= value <= MAX_NUMBER:
        raise ValueError(
            f"{field.name} must be a whole number above 0 and up to {MAX_NUMBER:,}, not "
            f"{value!r:.20} (only {', '.join(sorted(may_be_zero))} may be 0)"
        )


@cache
def _adapter(kind: type[FamilyConfig]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
