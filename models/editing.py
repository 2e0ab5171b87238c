"""Edits: moving a latent or a style along named directions.

Owns the rule, which is frozen, since edited pictures have addresses. Knows no seed and no network.
Source: Shen and Zhou 2021 (SeFa), equation 2; Härkönen et al. 2020 (GANSpace), section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Directions:
    """The directions of one model.

    **The rule, which never changes:** a vector x, moved along directions d1, d2, ... by strengths
    s1, s2, ..., is x + s1 d1 + s2 d2 + ..., summed from left to right in float64, each product
    rounded before it is added, and the sum rounded to float32 once.

    Attributes:
        names: of all directions, in order.
        vectors: `[K, S]`, float32 on the CPU.
    """

    names: tuple[str, ...]
    vectors: Tensor

    def moved(self, vector: Tensor, edits: Iterable[tuple[str, float]]) -> Tensor:
        """Vector `[S]` moved by edits, each a name and a strength; itself without any.

        Raises:
            ValueError: there is no direction of that name.
        """
        total = vector.double()
        changed = False
        for name, strength in edits:
            if name not in self.names:
                raise ValueError(f"there is no direction {name!r}")
            direction = self.vectors[self.names.index(name)].double()
            total = torch.add(total, torch.mul(direction, strength))
            changed = True
        return total.float() if changed else vector
