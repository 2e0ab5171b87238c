"""The inputs that determine one image, as plain data.

Owns `Point` (a point in latent space, defined by seeds), `Recipe` and the latent-space walk between
key frames. Knows neither pixels nor networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from models.picture import number_text

SOURCE_FACT: Final = "source_sha256"  # the fact that states the source of a translated picture


class Method(StrEnum):
    """Interpolation method between two latents, or styles: spherical or linear."""

    SLERP = "slerp"
    LERP = "lerp"


@dataclass(frozen=True, slots=True)
class Point:
    """A point in latent space: that of a seed, or an interpolation between two seeds.

    Attributes:
        start, end: seeds, 0 to 2^63 - 1.
        t: interpolation parameter from `start` to `end`, 0 to 1.
    """

    start: int
    end: int
    t: float
    method: Method = Method.SLERP


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """An uploaded picture that a model translates.

    Attributes:
        sha256: of the uploaded file, in hexadecimal; it stands for the picture in comparisons.
        pixels: uint8 `[H, W, C]` of the size and channels of the model, as bytes.
    """

    sha256: str
    pixels: bytes = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StyleMix:
    """A second style, in a model whose layers have styles.

    Attributes:
        seed: of the second style, 0 to 2^63 - 1.
        resolution: of the first level that has it; all higher ones have it, too.
    """

    seed: int
    resolution: int

    def __str__(self) -> str:
        return f"{self.seed}@{self.resolution}"


@dataclass(frozen=True, slots=True)
class Edit:
    """A step along a named direction of a model.

    Attributes:
        name: of the direction.
        strength: in standard deviations of latents or styles along it, not 0.
    """

    name: str
    strength: float

    def __str__(self) -> str:
        return f"{self.name}:{number_text(self.strength)}"


class Styling(NamedTuple):
    """Choices that only some models take; these defaults change nothing.

    Attributes:
        psi: truncation: 0 is the mean style or latent, 1 changes nothing.
        mix: the second style; None without one.
        edits: steps along different directions, in the order of the card.
    """

    psi: float = 1.0
    mix: StyleMix | None = None
    edits: tuple[Edit, ...] = ()


UNSTYLED = Styling()


@dataclass(frozen=True, slots=True)
class Recipe:
    """The inputs that determine one image.

    Attributes:
        model: pinned name, `name@digest`.
        resolution: resolution of a level of the model (`models.resolution`).
        label: name of a class, for models with labels; None: the class is derived from each seed
            (`models.latent`), and between two seeds the class vectors are interpolated, too.
        watermark: name of the watermark in its pixels (`service.watermark.key`); `none` if the
            picture is too small for one or has 16 bits; None if watermarks are off.
        psi: as in `Styling`, as are `mix` and `edits`.
        source: the picture to translate, into the domain `label`; `point` then counts for nothing.
            None for a picture of seeds.
    """

    model: str
    point: Point
    resolution: int
    label: str | None = None
    watermark: str | None = None
    psi: float = 1.0
    mix: StyleMix | None = None
    # Neither is in `repr`, which the validators of all pictures contain.
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    source: SourcePicture | None = field(default=None, repr=False)


def point_of(seed: int) -> Point:
    """The point of a single seed."""
    return Point(seed, seed, 0.0)


def point_between(start: int, end: int, t: float, method: Method) -> Point:
    """The point at `t`, 0 to 1, from one seed to another.

    At both ends, and between equal seeds, it is `point_of` a seed, whose picture it equals.
    """
    if t == 0.0 or start == end:
        return point_of(start)
    return point_of(end) if t == 1.0 else Point(start, end, t, method)


def walk(seeds: Sequence[int], steps: int, *, loop: bool, method: Method) -> list[Point]:
    """The points of a latent-space walk from key frame to key frame, `steps` steps per segment.

    A key frame is `point_of` its seed, so it equals the picture of that seed. Adjacent segments
    share a key frame, which appears once. A loop has one more segment, from the last seed back to
    the first, without its last point: the first frame follows it when the film repeats.

    Returns:
        `(len(seeds) - 1) * steps + 1` points, or `len(seeds) * steps` for a loop.
    """
    stops = [*seeds, seeds[0]] if loop else list(seeds)
    points = [
        point_between(a, b, i / steps, method) for a, b in pairwise(stops) for i in range(steps)
    ]
    return points if loop else [*points, point_of(stops[-1])]


def frames_of_walk(seeds: int, steps: int, *, loop: bool) -> int:
    """The number of points that `walk` returns for that many seeds."""
    return seeds * steps if loop else (seeds - 1) * steps + 1
