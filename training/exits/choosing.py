"""Selection of exits: the fidelity of each candidate, and the choice of one for each level.

Owns the measure of fidelity (PSNR on held-out seeds) and the choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models.exit_shape import ExitShape
from models.families.progan.generator import Generator
from models.resolution import resolution_of
from training.exits.distillation_data import EXIT_PICTURES_AT_ONCE, ExitError, distillation_batch

HELD_OUT_SEEDS = range(2_000_000, 2_000_128)
TARGET_DB = 38.0  # the cheapest exit that reaches it is chosen
LEAST_DB = 10.0  # about the PSNR of a picture of one colour


@dataclass(frozen=True)
class ExitCandidate:
    """An exit that may be chosen."""

    shape: ExitShape
    module: nn.Module


@torch.no_grad()
def fidelities(
    generator: Generator, candidates: list[list[ExitCandidate]], seeds: range | None = None
) -> list[list[float]]:
    """Peak signal-to-noise ratios in decibels; the peak is 2, the range.

    They are means over `seeds`, by default all held-out ones.
    """
    seeds = HELD_OUT_SEEDS if seeds is None else seeds
    errors = [[0.0] * len(level) for level in candidates]
    counts = [0] * len(candidates)
    for start in range(0, len(seeds), EXIT_PICTURES_AT_ONCE):
        batch = distillation_batch(generator, seeds[start : start + EXIT_PICTURES_AT_ONCE])
        for level, (features, target) in enumerate(zip(batch.features, batch.targets, strict=True)):
            counts[level] += target.numel()
            for place, candidate in enumerate(candidates[level]):
                error = candidate.module(features).clamp(-1.0, 1.0) - target
                errors[level][place] += error.double().square().sum().item()
    return [
        [10 * math.log10(4.0 * count / max(total, 1e-30)) for total in level]
        for level, count in zip(errors, counts, strict=True)
    ]


def choose_exit(
    candidates: list[list[ExitCandidate]], reached: list[list[float]]
) -> list[tuple[ExitCandidate, float]]:
    """Choose for each level the first exit that reaches `TARGET_DB`, or else the best one.

    Args:
        candidates: exits of each level, the cheapest first.
        reached: their fidelity in decibels.

    Raises:
        ExitError: the best exit of a level does not reach `LEAST_DB`.
    """
    chosen: list[tuple[ExitCandidate, float]] = []
    for level, (exits, decibels) in enumerate(zip(candidates, reached, strict=True)):
        good = [place for place, db in enumerate(decibels) if db >= TARGET_DB]
        place = good[0] if good else int(np.argmax(decibels))
        if not decibels[place] >= LEAST_DB:
            raise ExitError(
                f"the best exit at {resolution_of(level)} px shows the finished picture with "
                f"{decibels[place]:.1f} dB only, {LEAST_DB:.0f} are the least: nothing was "
                "exported. Train on, or give the exits more --exit-steps"
            )
        chosen.append((exits[place], decibels[place]))
    return chosen
