"""The entrance of translating networks: the source picture, and the domain of the result.

Owns the order of the numbers. Knows no layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.entrance import ClassPoint


@dataclass(frozen=True)
class SourceEntrance:
    """Implements `models.entrance.Entrance`; the latent of a picture is its source.

    **The rule, which never changes:** the entry vector is the source `[C, H, W]` in [-1, 1], row by
    row, followed by one number for each domain: 1 for that of the result, 0 for the others.

    Attributes:
        latent_size: numbers in a source, C H W.
        classes: number of domains.
    """

    latent_size: int
    classes: int

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        return self.latent_size + self.classes

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of one picture: `[L]` -> `[L + classes]`.

        Raises:
            ValueError: no domain, or a place between two.
        """
        if point is None or not point.is_pure:
            raise ValueError("a translation needs one domain for its result")
        domain = torch.zeros(self.classes)
        domain[point.start] = 1.0
        return torch.cat([latent, domain])
