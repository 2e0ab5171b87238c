"""How many of the 1,000 modes are there, and how evenly.

Owns the count: 25,600 pictures are read digit by digit; the number of classes that occur, and
KL(model || uniform) in nats, both averaged over several draws. The divergence of a finite sample is
too large by about 999 / (2 * 25,600) = 0.0195, so that real data do not score 0.
Source: Karras et al. 2018, appendix on Stacked MNIST.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.benchmark.classifier import TrainedClassifier
from training.benchmark.digits import STACKED_MODES

SCORE_PICTURES = 25_600
SCORE_DRAWS = 10
SCORING_BATCH = 640

Draw = Callable[[int, int, int], Tensor]  # draw, first, count -> images [count, 3, 32, 32]


@dataclass(frozen=True)
class ModeScore:
    """Modes found, of 1,000, and the divergence in nats; means over the draws."""

    modes: float
    divergence: float


@dataclass(frozen=True)
class ModeCounter:
    """How modes are counted: who reads, how many pictures a draw has, and how many draws."""

    reader: TrainedClassifier
    pictures: int = SCORE_PICTURES
    draws: int = SCORE_DRAWS


def score_of(draw: Draw, count: ModeCounter) -> ModeScore:
    """Count the modes of what `draw` makes."""
    counted = [
        score_of_histogram(mode_histogram(draw, number, count)) for number in range(count.draws)
    ]
    modes, divergences = zip(*counted, strict=True)
    return ModeScore(float(np.mean(modes)), float(np.mean(divergences)))


def mode_histogram(draw: Draw, number: int, count: ModeCounter) -> NDArray[np.int64]:
    """How often each of the 1,000 classes occurs in one draw: `[1000]`."""
    counts = np.zeros(STACKED_MODES, np.int64)
    for first in range(0, count.pictures, SCORING_BATCH):
        images = draw(number, first, min(SCORING_BATCH, count.pictures - first))
        counts += np.bincount(modes_of(images, count.reader).numpy(), minlength=STACKED_MODES)
    return counts


def modes_of(images: Tensor, reader: TrainedClassifier) -> Tensor:
    """Images `[N, 3, 32, 32]` in [-1, 1] -> numbers 0 to 999, red the hundreds: `[N]`."""
    digits = reader.classify(images.reshape(-1, 1, *images.shape[2:])).reshape(-1, 3)
    return digits @ torch.tensor([100, 10, 1])


def score_of_histogram(counts: NDArray[np.int64]) -> tuple[int, float]:
    """Modes and KL(p || uniform) of a histogram `[1000]`; classes that do not occur add nothing."""
    share = counts[counts > 0] / counts.sum()
    return len(share), float(np.sum(share * np.log(share * STACKED_MODES)))
