"""The pool of earlier fake images, from which the discriminator of a CycleGAN is updated.

Owns the choice of Shrivastava et al. 2017, section 2.3, as Zhu et al. 2017, section 4, use it. The
pool itself is a buffer of the discriminator, so it stands in checkpoints; every draw is a function
of images shown. Knows no loss.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

POOL_DRAWS = 2  # for each image: if an earlier one takes its place, and which


@torch.no_grad()
def exchanged(fakes: Tensor, pool: Tensor, count: Tensor, source: np.random.Generator) -> Tensor:
    """The fakes to show the discriminator: each is new, or an earlier one that it replaces.

    Until the pool is full, every fake is shown and kept. Then each is with even chances shown, or
    kept in place of an earlier one, which is shown.

    Args:
        fakes: `[N, C, H, W]`, without gradient.
        pool: earlier fakes `[P, C, H, W]`, changed in place.
        count: number of fakes in the pool, a scalar, changed in place.
        source: of random numbers.
    """
    shown = fakes.clone()
    numbers = source.random((len(fakes), POOL_DRAWS))
    for place, (chance, choice) in enumerate(numbers.tolist()):
        kept = int(count)
        if kept < len(pool):
            pool[kept] = fakes[place]
            count += 1
        elif chance < 0.5:
            index = int(choice * len(pool))
            shown[place] = pool[index]
            pool[index] = fakes[place]
    return shown
