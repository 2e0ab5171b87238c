"""Every random draw of training, as a pure function of seed, purpose and images shown.

There is no state to save: a resumed run draws the same numbers as an uninterrupted one.
Numbers come from Philox-4x64 (Salmon et al. 2011), keyed by the seed and the images shown.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch
from torch import Tensor


class Stream(IntEnum):
    """Purpose of a draw; each has its own random stream. Never reuse a number of this enum."""

    INITIAL_WEIGHTS = 0
    LATENTS = 1
    GENERATOR_LATENTS = 2
    PENALTY = 3
    PENALTY_NOISE = 4
    AUGMENT_REALS = 5
    AUGMENT_FAKES = 6
    AUGMENT_GENERATOR = 7
    EXITS = 8
    ROLL_REALS = 9
    ROLL_FAKES = 10
    ROLL_GENERATOR = 11
    FAKE_POOL_0 = 12
    FAKE_POOL_1 = 13
    CROPS = 14
    TARGET_DOMAINS = 15
    BENCHMARK_ORDER = 20
    BENCHMARK_SCORE = 21
    STYLES = 30
    GENERATOR_STYLES = 31
    PATH_LATENTS = 32
    PATH_STYLES = 33
    PATH_DIRECTIONS = 34


def generator_at(seed: int, purpose: Stream, images_shown: int) -> np.random.Generator:
    """Random number generator for one purpose after so many images shown."""
    counter = np.array([0, 0, 0, int(purpose)], np.uint64)
    key = np.array([seed, images_shown], np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key))


def normal(source: np.random.Generator, *shape: int) -> Tensor:
    """Standard normal numbers, fp32 on the CPU."""
    return torch.from_numpy(source.standard_normal(shape, dtype=np.float32))


def uniform(source: np.random.Generator, *shape: int) -> Tensor:
    """Uniform numbers from [0, 1), fp32 on the CPU."""
    return torch.from_numpy(source.random(shape, dtype=np.float32))
