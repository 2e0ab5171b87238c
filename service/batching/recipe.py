"""All that determines one image, as pure data.

Owns `Point` (a place in latent space, named by seeds), `Recipe` and the walk between key frames.
Knows neither pixels nor networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Method(StrEnum):
    """How to go from one latent to another."""

    SLERP = "slerp"
    LERP = "lerp"


@dataclass(frozen=True, slots=True)
class Point:
    """A place in latent space: a seed, or a place between two.

    Attributes:
        start, end: seeds, 0 to 2^63 - 1.
        t: how far from `start` to `end`, 0 to 1.
    """

    start: int
    end: int
    t: float
    method: Method = Method.SLERP


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that determines one image.

    Attributes:
        model: pinned by digest, `name@digest`.
        resolution: of a level that the model has (`models.families.progan.config`).
        label: name of a class, for models with labels; None: each seed brings its own
            (`models.latent`), and a place between two seeds lies between their classes, too.
    """

    model: str
    point: Point
    resolution: int
    label: str | None = None


def point_of(seed: int) -> Point:
    """The place that `seed` alone stands for."""
    return Point(seed, seed, 0.0)


def walk(seeds: Sequence[int], steps: int, *, loop: bool, method: Method) -> list[Point]:
    """The frames of a walk from key frame to key frame, `steps` from each to the next.

    A key frame is `point_of` its seed, so it equals the picture of that seed. Neighbouring segments
    share their key frame, which appears once. A loop goes on from the last seed to just before the
    first: its last segment ends where the film begins again.

    Returns:
        `(len(seeds) - 1) * steps + 1` points, or `len(seeds) * steps` for a loop.
    """
    stops = [*seeds, seeds[0]] if loop else list(seeds)
    points = [_between(a, b, i / steps, method) for a, b in pairwise(stops) for i in range(steps)]
    return points if loop else [*points, point_of(stops[-1])]


def frames_of_walk(seeds: int, steps: int, *, loop: bool) -> int:
    """How many frames `walk` gives for that many seeds."""
    return seeds * steps if loop else (seeds - 1) * steps + 1


def _between(start: int, end: int, t: float, method: Method) -> Point:
    return point_of(start) if t == 0.0 or start == end else Point(start, end, t, method)
