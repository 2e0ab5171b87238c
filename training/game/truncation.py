"""The statistics of a BigGAN's normalisations for truncated latents.

Owns their computation, of fixed seeds, so that they are a function of the weights alone. Does
nothing for other networks.
Source: Brock et al. 2019, appendix C (standing statistics), there for one threshold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.biggan.normalisation import running_statistics
from models.family import ImageGenerator
from training.game.statistics import accumulate_statistics
from training.progress_bar import OnProgress, ignore_progress, tracked

PSI_STEPS: Final = 20  # values of psi with statistics of their own, beside 1 (docs/families.md)


def with_truncation(
    generator: ImageGenerator, on_progress: OnProgress = ignore_progress
) -> ImageGenerator:
    """Copy a BigGAN, in evaluation mode, with statistics for truncated latents.

    Other generators are returned as they are. `on_progress` is told of the values of psi.
    """
    copy = truncating_copy(generator)
    if copy is None:
        return generator
    compute_truncation(copy, on_progress)
    return copy


def truncating_copy(generator: ImageGenerator) -> BigganGenerator | None:
    """Copy a BigGAN, in evaluation mode, with room for statistics; None for other generators."""
    config = generator.config
    if not isinstance(config, BigganConfig):
        return None
    copy = BigganGenerator(replace(config, psi_steps=config.psi_steps or PSI_STEPS))
    copy.load_state_dict(generator.state_dict(), strict=False)  # all but the statistics
    return copy.to(next(generator.parameters()).device).eval().requires_grad_(False)


@torch.no_grad()
def compute_truncation(
    generator: BigganGenerator, on_progress: OnProgress = ignore_progress
) -> None:
    """Compute the statistics for truncated latents, in place; those of psi 1 stay."""
    norms = generator.synthesis.norms
    usual = [[each.clone() for each in running_statistics(norm)] for norm in norms]
    for step in tracked(range(generator.psi_steps), on_progress):
        accumulate_statistics(generator, step / generator.psi_steps)
        _keep(generator, step)
    for norm, (mean, variance) in zip(norms, usual, strict=True):
        norm.running_mean, norm.running_var = mean, variance
    _keep(generator, generator.psi_steps)


def _keep(generator: BigganGenerator, step: int) -> None:
    means, variances = zip(*map(running_statistics, generator.synthesis.norms), strict=True)
    generator.truncated_means[step] = torch.cat(means)
    generator.truncated_variances[step] = torch.cat(variances)
