"""The state of normalisations in the averaged generator, which is not the average of that state.

The statistics of batch normalisations are computed again from pictures of fixed seeds, and the
estimates of spectral normalisations move until they no longer change, wherever the averaged
generator is shown, measured or exported. Owns this computation; does nothing for other networks.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from models.family import ImageGenerator
from models.layers.spectral import SpectralLayer
from models.truncation import truncated_latent
from training.rendering import latents_and_labels

STATISTICS_SEEDS = range(4_000_000, 4_001_024)  # none that is measured or shown
STATISTICS_BATCH = 64


@torch.no_grad()
def recompute_statistics(generator: ImageGenerator) -> None:
    """Replace the state of all normalisations of `generator`, in evaluation mode, by its own.

    Means and variances are averages over batches of fixed seeds, so the result is a function of the
    weights alone.
    """
    for layer in generator.modules():
        if isinstance(layer, SpectralLayer):
            layer.converge()
    accumulate_statistics(generator)


@torch.no_grad()
def accumulate_statistics(generator: ImageGenerator, psi: float = 1.0) -> None:
    """Replace the statistics of all batch normalisations by those of latents truncated with psi."""
    norms = [module for module in generator.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
        norm.train()
    for start in range(0, len(STATISTICS_SEEDS), STATISTICS_BATCH):
        seeds = STATISTICS_SEEDS[start : start + STATISTICS_BATCH]
        z, labels = latents_and_labels(generator, seeds)
        generator(z if psi == 1.0 else _truncated(z, psi), None, labels)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def _truncated(z: Tensor, psi: float) -> Tensor:
    rows = [truncated_latent(latent, psi) for latent in z.cpu().numpy()]
    return torch.from_numpy(np.stack(rows)).to(z.device)
