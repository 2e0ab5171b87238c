"""A small trial and small stacks of noise, for tests of the games."""

import numpy as np
import torch

from training.benchmark.digits import Digits, StackedDigits
from training.benchmark.trial import Trial

TRIAL = Trial("k4", "rpgan-r1r2", seed=3, images=64, batch_size=8)
DIGITS = Digits(
    np.random.default_rng(0).integers(0, 256, (50, 32, 32), np.uint8), np.zeros(50, np.uint8)
)
STACKS = StackedDigits(DIGITS, seed=3, stacks=100)


def weights_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """All weights as arrays."""
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}
