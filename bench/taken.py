"""Seeds -> what a generator takes of them, as the service has it.

Owns the two tensors: latents, and where there are classes the one that each seed brings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.families.progan.generator import Generator
from models.latent import label_of, latent_of


def taken_of(generator: Generator, seeds: Sequence[int]) -> tuple[Tensor, Tensor | None]:
    """Latents `[N, L]` and labels int64 `[N]`; None where there are no classes."""
    size, classes = generator.config.latent_size, generator.config.classes
    latents = torch.from_numpy(np.stack([latent_of(seed, size) for seed in seeds]))
    labels = torch.tensor([label_of(seed, classes) for seed in seeds]) if classes else None
    return latents, labels
