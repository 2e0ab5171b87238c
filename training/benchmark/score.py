"""Mode score: the number of the 1,000 modes that occur, and the divergence from uniform.

Owns the count: each digit of 25,600 pictures is classified. The score is the number of modes that
occur, and KL(model || uniform) in nats, both averaged over several draws. For a finite sample the
divergence is too large by about 999 / (2 * 25,600) = 0.0195, so real data do not have 0.
Source: Karras et al. 2018, appendix on Stacked MNIST.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor

from models.strict_json import STRICT
from training.benchmark.classifier import TrainedClassifier
from training.benchmark.digits import STACKED_MODES
from training.progress_bar import Advance, OnProgress, counted, ignore_progress, no_advance

SCORE_PICTURES = 25_600
SCORE_DRAWS = 10
SCORING_BATCH = 640

Draw = Callable[[int, int, int], Tensor]  # draw, first, count -> images [count, 3, 32, 32]


@dataclass(frozen=True, config=STRICT)
class ModeScore:
    """Number of modes found, of 1,000, and the divergence in nats; means over the draws."""

    modes: float
    divergence: float


@dataclasses.dataclass(frozen=True)
class ModeCounter:
    """Settings of the count: classifier, pictures of a draw, and number of draws."""

    reader: TrainedClassifier
    pictures: int = SCORE_PICTURES
    draws: int = SCORE_DRAWS


def score_of(
    draw: Draw, counter: ModeCounter, on_progress: OnProgress = ignore_progress
) -> ModeScore:
    """Count the modes of the pictures of `draw`."""
    batches = -(-counter.pictures // SCORING_BATCH)
    advance = counted(counter.draws * batches, on_progress)
    counted_modes = [
        score_of_histogram(mode_histogram(draw, number, counter, advance))
        for number in range(counter.draws)
    ]
    modes, divergences = zip(*counted_modes, strict=True)
    return ModeScore(float(np.mean(modes)), float(np.mean(divergences)))


def mode_histogram(
    draw: Draw, number: int, counter: ModeCounter, advance: Advance = no_advance
) -> NDArray[np.int64]:
    """Count the pictures of each of the 1,000 modes in one draw: `[1000]`."""
    counts = np.zeros(STACKED_MODES, np.int64)
    for first in range(0, counter.pictures, SCORING_BATCH):
        images = draw(number, first, min(SCORING_BATCH, counter.pictures - first))
        counts += np.bincount(modes_of(images, counter.reader).numpy(), minlength=STACKED_MODES)
        advance()
    return counts


def modes_of(images: Tensor, reader: TrainedClassifier) -> Tensor:
    """Images `[N, 3, 32, 32]` in [-1, 1] -> modes 0 to 999, red is the first digit: `[N]`."""
    digits = reader.classify(images.reshape(-1, 1, *images.shape[2:])).reshape(-1, 3)
    return digits @ torch.tensor([100, 10, 1])


def score_of_histogram(counts: NDArray[np.int64]) -> tuple[int, float]:
    """Number of modes and KL(p || uniform) of a histogram `[1000]`; empty modes add 0 to KL."""
    share = counts[counts > 0] / counts.sum()
    return len(share), float(np.sum(share * np.log(share * STACKED_MODES)))
