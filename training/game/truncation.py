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

PSI_STEPS: Final = 20  # values of psi with statistics of their own, beside 1 (docs/families.md)


@torch.no_grad()
def with_truncation(generator: ImageGenerator) -> ImageGenerator:
    """Copy a BigGAN, in evaluation mode, with statistics for truncated latents.

    Other generators are returned as they are.
    """
    config = generator.config
    if not isinstance(config, BigganConfig):
        return generator
    steps = config.psi_steps or PSI_STEPS
    copy = BigganGenerator(replace(config, psi_steps=steps))
    copy.load_state_dict(generator.state_dict(), strict=False)  # all but what is computed below
    copy.to(next(generator.parameters()).device).eval().requires_grad_(False)
    compute_truncation(copy)
    return copy


@torch.no_grad()
def compute_truncation(generator: BigganGenerator) -> None:
    """Compute the statistics for truncated latents, in place; those of psi 1 stay."""
    norms = generator.synthesis.norms
    usual = [[each.clone() for each in running_statistics(norm)] for norm in norms]
    for step in range(generator.psi_steps):
        accumulate_statistics(generator, step / generator.psi_steps)
        _keep(generator, step)
    for norm, (mean, variance) in zip(norms, usual, strict=True):
        norm.running_mean, norm.running_var = mean, variance
    _keep(generator, generator.psi_steps)


def _keep(generator: BigganGenerator, step: int) -> None:
    means, variances = zip(*map(running_statistics, generator.synthesis.norms), strict=True)
    generator.truncated_means[step] = torch.cat(means)
    generator.truncated_variances[step] = torch.cat(variances)
