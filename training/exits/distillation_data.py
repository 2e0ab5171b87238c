"""Training data of the exits: features of each level, and the finished picture at its resolution.

Owns the forward pass of the generator that computes both, and `ReplayBuffer`, which has a fixed
size and is refilled during training. Knows no exit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.families.progan.generator import Generator
from models.layers.resampling import downsample
from models.resolution import resolution_of
from training.rendering import latents_and_labels

EXIT_PICTURES_AT_ONCE = 8  # pictures in one forward pass of the generator
BUFFER_BYTES = 128 << 20  # of features for each level
BUFFER_PICTURES = (32, 2048)  # least and most, whatever their size


class ExitError(ValueError):
    """Raised when exits cannot be fitted; the message gives the reason and the remedy."""


class NonFiniteGeneratorError(ExitError):
    """Raised when features or pictures of a generator are not finite."""


@dataclass(frozen=True)
class DistillationBatch:
    """Features and targets of some seeds, for every level except the top one.

    Attributes:
        features: of level k, `[N, C, h, w]`.
        targets: the finished pictures, box-downsampled to level k, `[N, channels, h, w]` in
            [-1, 1].
    """

    features: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]


def stem_inputs(generator: Generator, seeds: range) -> Tensor:
    """Inputs of the stem for some seeds; in a network with classes, the seed chooses the class."""
    return generator.stem_input(*latents_and_labels(generator, seeds))


@torch.no_grad()
def distillation_batch(generator: Generator, seeds: range) -> DistillationBatch:
    """Compute features and targets of some seeds, in one forward pass of the generator.

    Raises:
        NonFiniteGeneratorError: a pixel is not finite.
    """
    x = generator.stem(stem_inputs(generator, seeds))
    features: list[Tensor] = []
    for level in generator.levels:
        features.append(x)
        x = level(x)
    image = generator.exits[-1](x)
    if not image.isfinite().all():
        raise NonFiniteGeneratorError(
            "the generator makes pictures that are not finite: its weights are damaged. Export a "
            "checkpoint from before that, or train again"
        )
    image = image.clamp(-1.0, 1.0)
    targets: list[Tensor] = []
    for _ in features:
        image = downsample(image)
        targets.insert(0, image)
    return DistillationBatch(tuple(features), tuple(targets))


class ReplayBuffer:
    """Features and targets of the newest pictures; `capacity` limits their number at each level.

    Args:
        generator: frozen.
        first_seed: seed of the first picture; the others have the seeds after it.
    """

    def __init__(self, generator: Generator, first_seed: int) -> None:
        config, device = generator.config, next(generator.parameters()).device
        self._generator = generator
        self._next_seed = first_seed
        self._features: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._rendered = 0
        for level in range(config.top_level):
            size = config.size_at(resolution_of(level))
            shape = (config.feature_maps(level), *size)
            room = capacity(shape)
            self._features.append(torch.empty(room, *shape, device=device))
            self._targets.append(torch.empty(room, config.channels, *size, device=device))

    def refill(self, pictures: int) -> DistillationBatch:
        """Render the next seeds and overwrite the oldest; returns their features and targets."""
        seeds = range(self._next_seed, self._next_seed + pictures)
        batch = distillation_batch(self._generator, seeds)
        for mine, new in zip(
            (*self._features, *self._targets), (*batch.features, *batch.targets), strict=True
        ):
            places = (self._rendered + torch.arange(pictures)) % len(mine)
            mine[places[-len(mine) :]] = new[-len(mine) :]
        self._next_seed += pictures
        self._rendered += pictures
        return batch

    def sample(
        self, level: int, pictures: int, source: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Sample features and targets from the buffer, with replacement."""
        filled = min(self._rendered, len(self._features[level]))
        places = torch.from_numpy(source.integers(filled, size=pictures))
        return self._features[level][places], self._targets[level][places]


def capacity(shape: tuple[int, ...]) -> int:
    """Number of pictures in the buffer of a level whose features are `[C, h, w]` each."""
    least, most = BUFFER_PICTURES
    return min(most, max(least, BUFFER_BYTES // (4 * int(np.prod(shape)))))
