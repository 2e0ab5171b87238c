"""The state of normalisations in the averaged generator, which is not the average of that state.

The statistics of batch normalisations are computed again from pictures of fixed seeds, and the
estimates of spectral normalisations move until they no longer change, wherever the averaged
generator is shown, measured or exported. Owns this computation; does nothing for other networks.
"""

from __future__ import annotations

import torch
from torch import nn

from models.family import ImageGenerator
from models.spectral import SpectralLayer
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
        generator(z, None, labels)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
