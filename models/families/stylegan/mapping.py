"""The mapping networks of a StyleGAN2: latent and class -> style, and class -> vector.

Owns both networks. Knows no image.
Source: Karras et al. 2019 (StyleGAN), section 2; classes as in Karras et al. 2020 (StyleGAN2-ADA),
appendix C.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.layers import ClassEmbedding, SlowLinear
from models.layers.progan import pixel_norm

CLASS_LAYERS = 8  # of the discriminator, as published


def dense_layers(first: int, size: int, count: int) -> nn.Sequential:
    """Dense layers with activations: `[N, first]` -> `[N, size]`."""
    sizes = [first, *[size] * count]
    return nn.Sequential(*(SlowLinear(*pair) for pair in pairwise(sizes)))


class Mapping(nn.Module):
    """Latents `[N, L]` and classes, int64 `[N]` -> styles `[N, S]`, called w in the paper.

    The latent has unit mean square, and so has the embedded class that is concatenated to it.
    """

    def __init__(self, config: StyleganConfig) -> None:
        super().__init__()
        size, classes = config.style_size, config.classes
        self.latent_size, self.style_size, self.classes = config.latent_size, size, classes
        self.embedding = ClassEmbedding(classes, size) if classes else None
        first = config.latent_size + (size if classes else 0)
        self.layers = dense_layers(first, size, config.mapping_layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Styles of latents.

        Raises:
            ValueError: `labels` are missing, or given to a generator without classes.
        """
        if (self.embedding is None) != (labels is None):
            raise ValueError(
                f"this generator has {self.classes} classes: labels are needed where there are "
                "some, and only there"
            )
        x = pixel_norm(z)
        if self.embedding is not None and labels is not None:
            x = torch.cat([x, self.embedding(labels)], dim=1)
        return self.layers(x)

    def one_by_one(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Styles `[N, S]`, each computed alone, so that none depends on the others in its batch."""
        places = [slice(i, i + 1) for i in range(len(z))]
        return torch.cat([self(z[p], None if labels is None else labels[p]) for p in places])


class ClassMapping(nn.Module):
    """Classes, int64 `[N]` -> vectors `[N, size]`, which the discriminator projects on."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.embedding = ClassEmbedding(classes, size)
        self.layers = dense_layers(size, size, CLASS_LAYERS)

    def forward(self, labels: Tensor) -> Tensor:
        """Vectors of classes."""
        return self.layers(self.embedding(labels))
