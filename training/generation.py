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

from models.families.progan.config import level_of
from models.families.progan.generator import Generator, conditioned
from models.latent import Latent, label_of, latent_of, parse_seed, slerp
from models.layers import pixel_norm
from models.picture import BitDepth, Pixels
from models.pixels import to_pixels

MAX_SEEDS = 1_000_000
RANGE = re.compile(r"([0-9]+)-([0-9]+)")


@dataclass(frozen=True)
class Seed:
    """A seed as entered, and its number."""

    text: str
    number: int


@dataclass(frozen=True)
class Sampler:
    """A generator at one resolution, in one bit depth and with one class.

    Attributes:
        generator: in evaluation mode.
        resolution: of the pictures.
        label: number of the class; None for the class of each seed.
        bit_depth: of the pictures.
    """

    generator: Generator
    resolution: int
    label: int | None = None
    bit_depth: BitDepth = 8

    def picture(self, seed: int) -> Pixels:
        """Render the picture `[H, W, C]` of a seed."""
        return self._render(torch.from_numpy(self._latent(seed)), self._vector(seed))

    def walk(self, seeds: Sequence[int], steps: int) -> Iterator[Pixels]:
        """Yield pictures along great circles from each seed to the next; the last seed ends it.

        A segment has `steps` pictures. The vectors of two classes are scaled to unit mean square
        and interpolated linearly.
        """
        for start, end in pairwise(seeds):
            yield self.picture(start)
            for step in range(1, steps):
                t = step / steps
                latent = torch.from_numpy(slerp(self._latent(start), self._latent(end), t))
                yield self._render(latent, self._vector_between(start, end, t))
        yield self.picture(seeds[-1])

    def _latent(self, seed: int) -> Latent:
        return latent_of(seed, self.generator.config.latent_size)

    def _class_of(self, seed: int) -> int:
        own = label_of(seed, self.generator.config.classes)
        return own if self.label is None else self.label

    def _vector(self, seed: int) -> Tensor | None:
        if self.generator.embedding is None:
            return None
        return self.generator.embedding.weight[self._class_of(seed)]

    def _vector_between(self, start: int, end: int, t: float) -> Tensor | None:
        first, last = self._vector(start), self._vector(end)
        if first is None or last is None or self._class_of(start) == self._class_of(end):
            return first
        ends = pixel_norm(torch.stack([first, last]))  # so that both have equal weight
        return torch.lerp(ends[0], ends[1], t)

    @torch.no_grad()
    def _render(self, latent: Tensor, vector: Tensor | None) -> Pixels:
        generator, level = self.generator, level_of(self.resolution)
        z = latent[None].to(next(generator.parameters()).device)
        x = generator.stem(z if vector is None else conditioned(z, vector[None]))
        for part in generator.levels[:level]:
            x = part(x)
        return to_pixels(generator.exits[level](x), self.bit_depth)[0].cpu().numpy()


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
