"""The configuration of the networks, as plain data.

Owns `NetworkConfig`, `ExitShape` and the arithmetic of levels. Knows no tensor.
A *level* doubles height and width of the level below. Level 0 is the base: 4x4, or another shape
with one side of 4, such as 4x6 (height x width). The *resolution* of a level is 4 * 2^level: the
length of the side that is 4 at the base, and therefore a power of two for every shape. With a base
of 4x4, height and width both equal the resolution.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self, cast

from pydantic import ConfigDict, TypeAdapter

from models.strict_json import STRICT, missing_keys, read_strictly

BASE_RESOLUTION = 4
MIN_RESOLUTION = 8
MAX_RESOLUTION = 1024
IMAGE_CHANNELS = (1, 3, 4)  # gray, RGB, RGBA
SHORTEST_BASE, LONGEST_BASE = 2, 16  # of the side of a base that is not 4

Size = tuple[int, int]  # height, width
SQUARE: Size = (BASE_RESOLUTION, BASE_RESOLUTION)  # the base of square pictures


def level_of(resolution: int) -> int:
    """The level of a resolution.

    Raises:
        ValueError: `resolution` is not a power of two from 4 to 1024.
    """
    level = resolution.bit_length() - BASE_RESOLUTION.bit_length()
    if level < 0 or resolution > MAX_RESOLUTION or resolution != BASE_RESOLUTION << level:
        raise ValueError(f"resolution {resolution} is not a power of two from 4 to 1024")
    return level


def resolution_of(level: int) -> int:
    """The resolution of a level: width and height of its images in pixels if they are square."""
    return BASE_RESOLUTION << level


def size_of(resolution: int, base: Size) -> Size:
    """Height and width in pixels of images at `resolution`, for a given `base`."""
    height, width = base
    return height * resolution // BASE_RESOLUTION, width * resolution // BASE_RESOLUTION


def require_base(base: Size) -> None:
    """Reject an invalid base.

    Raises:
        ValueError: neither side is 4, or the other is less than 2 or greater than 16.
    """
    fits = all(SHORTEST_BASE <= side <= LONGEST_BASE for side in base)
    if not fits or BASE_RESOLUTION not in base:
        raise ValueError(
            f"the base, height x width, needs one side of {BASE_RESOLUTION} and another from "
            f"{SHORTEST_BASE} to {LONGEST_BASE}, such as 4x6, not {base[0]}x{base[1]}"
        )


OPTIONAL = {"classes", "base_height", "base_width", "stem_norm", "tiling"}
MAX_NUMBER = 1 << 20  # upper limit of every field; such a network exceeds any memory


@dataclass(frozen=True)
class NetworkConfig:
    """Hyperparameters that determine the shapes of generator and discriminator.

    Feature maps follow the published networks: `min(fmap_base / 2^stage, fmap_max)`
    (Karras et al. 2018, appendix A, table 2); a layer at resolution 2^r has stage r - 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    resolution: int  # of the top level, a power of two, 8 to 1024
    channels: int = 3  # of the image: 1 gray, 3 RGB, 4 RGBA
    latent_size: int = 512
    fmap_base: int = 8192
    fmap_max: int = 512
    classes: int = 0  # of a conditional network; 0 without classes
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    stem_norm: bool = True  # PixelNorm after the dense layer of the stem; other tools leave it out
    tiling: bool = False  # images join at opposite edges: circular padding in the generator

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                if type(value) is not bool:
                    raise ValueError(f"{field.name} must be true or false, not {value!r:.20}")
                continue
            if type(value) is not int or not (field.name != "classes") <= value <= MAX_NUMBER:
                raise ValueError(
                    f"{field.name} must be a whole number above 0 and up to {MAX_NUMBER:,}, not "
                    f"{value!r:.20} (only classes may be 0)"
                )
        require_base(self.base)
        level_of(self.resolution)
        if self.resolution < MIN_RESOLUTION:
            raise ValueError(f"resolution must be at least {MIN_RESOLUTION}, not {self.resolution}")
        if self.channels not in IMAGE_CHANNELS:
            raise ValueError(f"channels must be one of {IMAGE_CHANNELS}, not {self.channels}")
        if self.feature_maps(self.top_level) < 1:
            raise ValueError(
                f"fmap_base {self.fmap_base} leaves no feature map at {self.resolution} px: "
                f"it must be at least {2 << self.top_level}"
            )

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
    def entry_size(self) -> int:
        """Input size of the stem: the latent size, doubled with classes for the class embedding."""
        return 2 * self.latent_size if self.classes else self.latent_size

    def feature_maps(self, level: int) -> int:
        """Number of feature maps in the layers of `level`."""
        return min(self.fmap_base >> (level + 1), self.fmap_max)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values, as in a card or a run; `OPTIONAL` ones only if not the default.

        Releases without classes or rectangular images can therefore read cards that use neither.
        """
        usual = {field.name: field.default for field in fields(self) if field.name in OPTIONAL}
        values = asdict(self)
        return {k: v for k, v in values.items() if k not in usual or v != usual[k]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read the output of `to_dict`.

        Raises:
            ValueError: a key is missing or unknown, or a value has the wrong type or range.
        """
        try:
            config = read_strictly(_adapter(), values)
            if missing := [*missing_keys(config.to_dict(), values)]:
                raise ValueError(f"{', '.join(missing)}: missing")
        except ValueError as error:
            raise ValueError(f"network settings do not fit: {error}") from error
        return cast("Self", config)


@cache
def _adapter() -> TypeAdapter[NetworkConfig]:
    return TypeAdapter(NetworkConfig)


@dataclass(frozen=True)
class ExitShape:
    """A chain of convolutions with leaky ReLUs between them; linear if there is only one.

    Attributes:
        kernels: kernel width of each convolution in pixels of its level, odd.
        hidden: number of feature maps between consecutive convolutions.
    """

    kernels: tuple[int, ...] = (1,)
    hidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        sizes: tuple[object, ...] = (*self.kernels, *self.hidden)
        whole = all(type(size) is int and size > 0 for size in sizes)
        if not whole or any(kernel % 2 == 0 for kernel in self.kernels):
            raise ValueError(
                f"an exit needs odd kernels and hidden maps above 0, not {self.kernels} and "
                f"{self.hidden}"
            )
        if len(self.kernels) != len(self.hidden) + 1:
            raise ValueError(
                f"an exit needs one kernel more than it has hidden layers, not {self.kernels} and "
                f"{self.hidden}"
            )

    def __str__(self) -> str:
        if not self.hidden:
            return f"{self.kernels[0]}x{self.kernels[0]}"
        maps = (*(str(n) for n in self.hidden), "image")
        return " ".join(f"{k}x{k}>{n}" for k, n in zip(self.kernels, maps, strict=True))
