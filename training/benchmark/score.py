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

from training.benchmark.classifier import Reader
from training.benchmark.digits import MODES

PICTURES = 25_600
DRAWS = 10
BATCH = 640

Draw = Callable[[int, int, int], Tensor]  # draw, first, count -> images [count, 3, 32, 32]


@dataclass(frozen=True)
class ModeScore:
    """Modes found, of 1,000, and the divergence in nats; means over the draws."""

    modes: float
    divergence: float


@dataclass(frozen=True)
class Count:
    """How modes are counted: who reads, how many pictures a draw has, and how many draws."""

    reader: Reader
    pictures: int = PICTURES
    draws: int = DRAWS


def score_of(draw: Draw, count: Count) -> ModeScore:
    """Count the modes of what `draw` makes."""
    counted = [count_score(histogram(draw, number, count)) for number in range(count.draws)]
    modes, divergences = zip(*counted, strict=True)
    return ModeScore(float(np.mean(modes)), float(np.mean(divergences)))


def histogram(draw: Draw, number: int, count: Count) -> NDArray[np.int64]:
    """How often each of the 1,000 classes occurs in one draw: `[1000]`."""
    counts = np.zeros(MODES, np.int64)
    for first in range(0, count.pictures, BATCH):
        images = draw(number, first, min(BATCH, count.pictures - first))
        counts += np.bincount(classes_of(images, count.reader).numpy(), minlength=MODES)
    return counts


def classes_of(images: Tensor, reader: Reader) -> Tensor:
    """Images `[N, 3, 32, 32]` in [-1, 1] -> numbers 0 to 999, red the hundreds: `[N]`."""
    digits = reader.read(images.reshape(-1, 1, *images.shape[2:])).reshape(-1, 3)
    return digits @ torch.tensor([100, 10, 1])


def count_score(counts: NDArray[np.int64]) -> tuple[int, float]:
    """Modes and KL(p || uniform) of a histogram `[1000]`; classes that do not occur add nothing."""
    share = counts[counts > 0] / counts.sum()
    return len(share), float(np.sum(share * np.log(share * MODES)))
