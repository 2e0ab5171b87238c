"""Every random draw of training, as a pure function of seed, purpose and images shown.

Nothing here has a state, so nothing has to be saved: a resumed run draws what it would have drawn.
Numbers come from Philox-4x64 (Salmon et al. 2011), keyed by the seed and the images shown.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch
from torch import Tensor


class Stream(IntEnum):
    """What a draw is for; each has a stream of its own. Numbers are never used again."""

    INITIAL_WEIGHTS = 0
    LATENTS = 1
    GENERATOR_LATENTS = 2
    PENALTY = 3
    PENALTY_NOISE = 4
    AUGMENT_REALS = 5
    AUGMENT_FAKES = 6
    AUGMENT_GENERATOR = 7
    EXITS = 8
    BENCHMARK_ORDER = 20
    BENCHMARK_SCORE = 21


def generator_at(seed: int, purpose: Stream, images_shown: int) -> np.random.Generator:
    """The source of random numbers for one purpose at one moment."""
    counter = np.array([0, 0, 0, int(purpose)], np.uint64)
    key = np.array([seed, images_shown], np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key))


def normal(source: np.random.Generator, *shape: int) -> Tensor:
    """Standard normal numbers, fp32 on the CPU."""
    return torch.from_numpy(source.standard_normal(shape, dtype=np.float32))


def uniform(source: np.random.Generator, *shape: int) -> Tensor:
    """Numbers from [0, 1), fp32 on the CPU."""
    return torch.from_numpy(source.random(shape, dtype=np.float32))
