"""Pictures of seeds and walks between them, without the service.

Owns the computation from seeds to pixels. It follows the seed contract and renders each picture in
a batch of its own, so the pixels of a seed do not depend on other requested seeds, as in the
service. Knows no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from models.editing import Directions
from models.entrance import ClassPoint, StyleEntrance
from models.family import ImageGenerator
from models.latent import Latent, label_of, latent_of, parse_seed, slerp
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
        label: number of the class; None for the class of each seed.
        bit_depth: of the pictures.
        psi: truncation, for generators with styles; 1 changes nothing.
        mix: second style, for the same; None without one.
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

    def picture(self, seed: int) -> Pixels:
        """Render the picture `[H, W, C]` of a seed."""
        return self._render(self._entry(seed, seed, 0.0))

    def walk(self, seeds: Sequence[int], steps: int) -> Iterator[Pixels]:
        """Yield pictures from each seed to the next; the last seed ends it.

        A segment has `steps` pictures, along a great circle between latents, or a straight line
        between styles. Between two classes, the entrance of the generator interpolates.
        """
        for start, end in pairwise(seeds):
            yield self.picture(start)
            for step in range(1, steps):
                yield self._render(self._entry(start, end, step / steps))
        yield self.picture(seeds[-1])

    def _entry(self, start: int, end: int, t: float) -> Tensor:
        """Entry vector `[size]` at the place t between two seeds."""
        entrance, point = self.generator.entrance, self._point(start, end, t)
        ends = self._latent(start), self._latent(end)
        if isinstance(entrance, StyleEntrance):
            first, last = (torch.from_numpy(each) for each in ends)
            style = entrance.truncated(entrance.style(first, last, t, point), point, self.psi)
            return self._composed(entrance, self._moved(style), point)
        latent = slerp(*ends, t) if t else ends[0]
        return entrance.enter(self._moved(torch.from_numpy(latent)), point)

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

    def _point(self, start: int, end: int, t: float) -> ClassPoint | None:
        classes = self.generator.config.classes
        if not classes:
            return None
        if self.label is not None:
            return ClassPoint(self.label, self.label)
        return ClassPoint(label_of(start, classes), label_of(end, classes), t)

    @torch.no_grad()
    def _render(self, entry: Tensor) -> Pixels:
        generator = self.generator
        way = generator.ways[generator.config.resolutions.index(self.resolution)]
        x = entry[None].to(next(generator.parameters()).device)
        for module in generator.trunk[: way.start]:
            x = module(x)
        return to_pixels(way.module(x), self.bit_depth)[0].cpu().numpy()


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
