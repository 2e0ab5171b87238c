"""Pictures of seeds and points, and walks between them, without the service.

Owns the computation from seeds, and from points that are no seeds, to pixels. It follows the seed
contract and renders each picture in a batch of its own, so the pixels of a seed do not depend on
other requested seeds, as in the service. Knows no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from models.editing import Directions
from models.entrance import ClassPoint, Entrance, StyleEntrance, TruncatingEntrance
from models.family import ImageGenerator
from models.latent import Latent, label_of, latent_of, lerp, parse_seed, slerp
from models.picture import BitDepth, Pixels
from models.pixels import to_pixels
from models.resolution import level_of

MAX_SEEDS = 1_000_000
RANGE = re.compile(r"([0-9]+)-([0-9]+)")


@dataclass(frozen=True)
class Seed:
    """A seed as entered, and its number."""

    text: str
    number: int


@dataclass(frozen=True)
class LatentPoint:
    """A latent, or a style in generators that have them, and a class.

    Attributes:
        vector: `[S]`, float32.
        label: number of the class; None for a generator without classes.
    """

    vector: Latent
    label: int | None = None


@dataclass(frozen=True)
class SecondStyle:
    """The style of another seed, in layers from a level on.

    Attributes:
        seed: its number.
        resolution: of the first level that has it.
    """

    seed: int
    resolution: int


@dataclass(frozen=True)
class Sampler:
    """A generator at one resolution, in one bit depth and with one class.

    Attributes:
        generator: in evaluation mode.
        resolution: of the pictures.
        label: number of the class; None for the class of each seed or point.
        bit_depth: of the pictures.
        psi: truncation, for generators that can be truncated; 1 changes nothing.
        mix: second style, for generators with styles; None without one.
        directions: of the generator; None without any.
        edits: names of directions and strengths, by which all pictures are moved.
    """

    generator: ImageGenerator
    resolution: int
    label: int | None = None
    bit_depth: BitDepth = 8
    psi: float = 1.0
    mix: SecondStyle | None = None
    directions: Directions | None = None
    edits: tuple[tuple[str, float], ...] = ()

    @cached_property
    def entrance(self) -> Entrance:
        """The rule of the generator to entry vectors."""
        return self.generator.entrance

    def point_of(self, seed: int) -> LatentPoint:
        """Latent or style of a seed, with its class or `label`."""
        latent, label = self._latent(seed), self.label
        if label is None and self.generator.config.classes:
            label = label_of(seed, self.generator.config.classes)
        if isinstance(self.entrance, StyleEntrance):
            z, point = torch.from_numpy(latent), _class_point(label, label)
            latent = self.entrance.style(z, z, 0.0, point).numpy()
        return LatentPoint(latent, label)

    def picture(self, place: int | LatentPoint) -> Pixels:
        """Render the picture `[H, W, C]` of a seed or a point."""
        point = self._point(place)
        return self._render(self._entry(point, point, 0.0))

    def walk(self, places: Sequence[int | LatentPoint], steps: int) -> Iterator[Pixels]:
        """Yield pictures from each seed or point to the next; the last one ends the walk.

        A segment has `steps` pictures, along a great circle between latents, or a straight line
        between styles. Between two classes, the entrance of the generator interpolates.
        """
        points = [self._point(place) for place in places]
        for start, end in pairwise(points):
            yield self.picture(start)
            for step in range(1, steps):
                yield self._render(self._entry(start, end, step / steps))
        yield self.picture(points[-1])

    def _point(self, place: int | LatentPoint) -> LatentPoint:
        return self.point_of(place) if isinstance(place, int) else place

    def _entry(self, start: LatentPoint, end: LatentPoint, t: float) -> Tensor:
        """Entry vector `[size]` at the place t between two points."""
        entrance = self.entrance
        if self.label is None:
            point = _class_point(start.label, end.label, t)
        else:
            point = _class_point(self.label, self.label)
        interpolate = lerp if isinstance(entrance, StyleEntrance) else slerp
        vector = torch.from_numpy(interpolate(start.vector, end.vector, t) if t else start.vector)
        if isinstance(entrance, StyleEntrance):
            style = self._moved(entrance.truncated(vector, point, self.psi))
            return self._composed(entrance, style, point)
        if isinstance(entrance, TruncatingEntrance):
            vector = self._moved(entrance.truncated_latent(vector, self.psi))
            return entrance.enter_truncated(vector, point, self.psi)
        return entrance.enter(self._moved(vector), point)

    def _moved(self, vector: Tensor) -> Tensor:
        return self.directions.moved(vector, self.edits) if self.directions else vector

    def _composed(self, entrance: StyleEntrance, style: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of a style and the second one, both of the class of `point`."""
        if self.mix is None:
            return entrance.compose(style)
        latent = torch.from_numpy(self._latent(self.mix.seed))
        mixed = entrance.style(latent, latent, point.t if point else 0.0, point)
        mixed = self._moved(entrance.truncated(mixed, point, self.psi))
        return entrance.compose(style, mixed, level_of(self.mix.resolution))

    def _latent(self, seed: int) -> Latent:
        return latent_of(seed, self.generator.config.latent_size)

    @torch.no_grad()
    def _render(self, entry: Tensor) -> Pixels:
        images = rendered_images(self.generator, self.resolution, entry[None])
        return to_pixels(images, self.bit_depth)[0].cpu().numpy()


def rendered_images(generator: ImageGenerator, resolution: int, entries: Tensor) -> Tensor:
    """Images `[N, C, H, W]`, about [-1, 1], of entry vectors `[N, size]`."""
    way = generator.ways[generator.config.resolutions.index(resolution)]
    x = entries.to(next(generator.parameters()).device)
    for module in generator.trunk[: way.start]:
        x = module(x)
    return way.module(x)


def entry_of(entrance: Entrance, vector: Tensor, label: int | None) -> Tensor:
    """Entry vector `[size]` of a latent, or of a style in generators that have them, `[S]`."""
    if isinstance(entrance, StyleEntrance):
        return entrance.compose(vector)
    return entrance.enter(vector, _class_point(label, label))


def _class_point(start: int | None, end: int | None, t: float = 0.0) -> ClassPoint | None:
    return None if start is None or end is None else ClassPoint(start, end, t)


def parse_seeds(text: str) -> list[Seed]:
    """Parse a list of seeds such as `0-99,200,alan`: inclusive ranges, numbers, texts.

    Raises:
        ValueError: an invalid seed, a descending range, or more than `MAX_SEEDS` seeds.
    """
    seeds: list[Seed] = []
    for word in text.split(","):
        limits = RANGE.fullmatch(word)
        if limits is None:
            seeds.append(Seed(word, parse_seed(word)))
            continue
        first, last = parse_seed(limits[1]), parse_seed(limits[2])
        if not 0 <= last - first < MAX_SEEDS:
            raise ValueError(f"{word}: a range goes up, over at most {MAX_SEEDS:,} seeds")
        seeds += [Seed(str(number), number) for number in range(first, last + 1)]
    if len(seeds) > MAX_SEEDS:
        raise ValueError(f"at most {MAX_SEEDS:,} seeds, not {len(seeds):,}")
    return seeds
