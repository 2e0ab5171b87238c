"""What exits learn from: features of every level, and the finished picture shrunk to them.

Owns the one pass through the generator that gives both, and a `Pool` of such lessons that is
renewed all the time, so that memory is bounded and the number of different pictures is not. Knows
nothing of what is learned from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.families.progan.config import resolution_of
from models.families.progan.generator import Generator
from models.layers import downsample
from training.rendering import latents_and_labels

BATCH = 8  # pictures that pass the generator at once
BUFFER_BYTES = 128 << 20  # of features for each level
BUFFER_PICTURES = (32, 2048)  # at least and at most, whatever they weigh


class ExitError(ValueError):
    """An exit that cannot be fitted; the message says why and what to do."""


class SpoiledError(ExitError):
    """A generator that makes no numbers."""


@dataclass(frozen=True)
class ExitTargets:
    """Some pictures, seen from every level but the top one.

    Attributes:
        features: of level k, `[N, C, h, w]`.
        targets: the finished pictures, box-downsampled to level k, `[N, channels, h, w]` in
            [-1, 1].
    """

    features: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]


def entrance(generator: Generator, seeds: range) -> Tensor:
    """What the stem takes for some seeds, each with its own class where there are classes."""
    return generator.enter(*latents_and_labels(generator, seeds))


@torch.no_grad()
def exit_targets_of(generator: Generator, seeds: range) -> ExitTargets:
    """The lessons of some seeds, in one pass.

    Raises:
        SpoiledError: a feature or a pixel is not finite.
    """
    x = generator.stem(entrance(generator, seeds))
    features: list[Tensor] = []
    for level in generator.levels:
        features.append(x)
        x = level(x)
    image = generator.exits[-1](x)
    if not image.isfinite().all():
        raise SpoiledError(
            "the generator makes pictures that are not finite: its weights are spoiled. Export a "
            "checkpoint from before that, or train again"
        )
    image = image.clamp(-1.0, 1.0)
    targets: list[Tensor] = []
    for _ in features:
        image = downsample(image)
        targets.insert(0, image)
    return ExitTargets(tuple(features), tuple(targets))


class ReplayBuffer:
    """The newest lessons of each level, as many as memory allows.

    Args:
        generator: frozen.
        first_seed: of the lessons; they go on from there.
    """

    def __init__(self, generator: Generator, first_seed: int) -> None:
        config = generator.config
        self._generator = generator
        self._next_seed = first_seed
        self._features: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._taken = 0
        for level in range(config.top_level):
            size = config.size_at(resolution_of(level))
            shape = (config.feature_maps(level), *size)
            room = capacity(shape)
            self._features.append(torch.empty(room, *shape))
            self._targets.append(torch.empty(room, config.channels, *size))

    def refill(self, pictures: int) -> ExitTargets:
        """Take in lessons of the next seeds, in place of the oldest; returns them, too."""
        seeds = range(self._next_seed, self._next_seed + pictures)
        lessons = exit_targets_of(self._generator, seeds)
        for mine, new in zip(
            (*self._features, *self._targets), (*lessons.features, *lessons.targets), strict=True
        ):
            places = (self._taken + torch.arange(pictures)) % len(mine)
            mine[places[-len(mine) :]] = new[-len(mine) :]
        self._next_seed += pictures
        self._taken += pictures
        return lessons

    def sample(
        self, level: int, pictures: int, source: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Features and targets of some of the pictures that are there, with repeats."""
        there = min(self._taken, len(self._features[level]))
        places = torch.from_numpy(source.integers(there, size=pictures))
        return self._features[level][places], self._targets[level][places]


def capacity(shape: tuple[int, ...]) -> int:
    """How many features `[C, h, w]` of one picture a level keeps."""
    least, most = BUFFER_PICTURES
    return min(most, max(least, BUFFER_BYTES // (4 * int(np.prod(shape)))))
