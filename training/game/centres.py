"""The mean styles of a generator, towards which truncation moves.

Owns their computation: one for each class, of fixed seeds, so that they are a function of the
weights alone. Does nothing for generators without styles.
Source: Karras et al. 2019 (StyleGAN), appendix B, there without classes.
"""

from __future__ import annotations

import torch

from models.families.stylegan.generator import StyleganGenerator
from models.family import ImageGenerator
from training.rendering import latents_and_labels

CENTRE_SEEDS = range(5_000_000, 5_002_048)  # none that is measured or shown
CENTRE_BATCH = 256


@torch.no_grad()
def compute_centres(generator: ImageGenerator) -> None:
    """Replace the centres of `generator`, in place, by the mean styles of its classes."""
    if not isinstance(generator, StyleganGenerator):
        return
    for label in range(len(generator.centres)):
        total = torch.zeros_like(generator.centres[label], dtype=torch.float64)
        for start in range(0, len(CENTRE_SEEDS), CENTRE_BATCH):
            seeds = CENTRE_SEEDS[start : start + CENTRE_BATCH]
            z, labels = latents_and_labels(generator, seeds, [label] * len(seeds))
            total += generator.styles(z, labels).double().sum(dim=0)
        generator.centres[label] = total / len(CENTRE_SEEDS)
