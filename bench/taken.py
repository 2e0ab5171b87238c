"""Seeds -> inputs of a generator, as in the service.

Owns the two tensors: latents, and for a model with classes the label of each seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.family import ImageGenerator
from models.latent import label_of, latent_of


def taken_of(generator: ImageGenerator, seeds: Sequence[int]) -> tuple[Tensor, Tensor | None]:
    """Return latents `[N, L]` and labels int64 `[N]`; None if there are no classes."""
    size, classes = generator.config.latent_size, generator.config.classes
    latents = torch.from_numpy(np.stack([latent_of(seed, size) for seed in seeds]))
    labels = torch.tensor([label_of(seed, classes) for seed in seeds]) if classes else None
    return latents, labels
