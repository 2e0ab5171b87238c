"""The entrance of a Progressive GAN: the latent alone, or with the embedded class.

Owns the concatenation of both, and the rule between two classes. Knows no level and no pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.entrance import ClassPoint
from models.layers.progan import pixel_norm


def conditioned(z: Tensor, embedded: Tensor) -> Tensor:
    """Latents `[N, L]` and embedded classes `[N, L]` -> `[N, 2L]`, each half of unit mean square.

    The class is concatenated to the latent as in Karras et al. 2018, but as a learned embedding and
    not one-hot. Both are normalised as in StyleGAN2-ADA (Karras et al. 2020), so that neither
    dominates.
    """
    return torch.cat([pixel_norm(z), pixel_norm(embedded)], dim=1)


@dataclass(frozen=True)
class ProganEntrance:
    """Implements `models.entrance.Entrance`.

    Attributes:
        latent_size: numbers in a latent, L.
        vectors: of the classes, `[classes, L]`, float32 on the CPU; None without classes.
    """

    latent_size: int
    vectors: Tensor | None = None

    @property
    def classes(self) -> int:
        """Number of classes; 0 without."""
        return 0 if self.vectors is None else len(self.vectors)

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        return self.latent_size if self.vectors is None else 2 * self.latent_size

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of one picture: `[L]` -> `[L]`, or `[2L]` with classes."""
        if self.vectors is None or point is None:
            return latent
        return conditioned(latent[None], class_vector(self.vectors, point)[None])[0]


def class_vector(vectors: Tensor, point: ClassPoint) -> Tensor:
    """Vector `[L]` of a point between two classes.

    Between two classes, the normalized vectors are interpolated linearly, so that both have the
    same weight.
    """
    if point.is_pure:
        return vectors[point.start]
    ends = pixel_norm(vectors[[point.start, point.end]])
    return torch.lerp(ends[0], ends[1], point.t)
