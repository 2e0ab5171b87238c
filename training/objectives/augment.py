"""Augmentation of the discriminator's input, for small data sets.

Owns the transformations of DiffAugment (Zhao et al. 2020, section 3.3), which are applied to real
and fake images alike before the discriminator, and `AugmentStrength`, the share of images that are
transformed. Random numbers come from the caller; gradients flow through to the generator. The
gradient penalty is computed at the augmented images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

DRAWS = 10  # uniform numbers per image: three select transformations, seven are their parameters
SHIFT = 1 / 8  # of width and height, at most
CUT = 1 / 2  # of width and height
INTERVAL = 4  # steps between two changes of an adaptive strength


def augment(images: Tensor, policy: str, strength: float, chance: Tensor) -> Tensor:
    """Augment images `[N, C, H, W]` in about [-1, 1]; the shape stays.

    Args:
        images: real or fake images.
        policy: names in `POLICIES`, separated by commas; empty for none.
        strength: the probability of each transformation for an image, 0 to 1.
        chance: uniform numbers `[N, DRAWS]` from [0, 1).
    """
    if not policy:
        return images
    x = images
    for gate, (name, transform) in enumerate(POLICIES.items()):
        if name in policy.split(","):
            chosen = (chance[:, gate] < strength)[:, None, None, None]
            x = torch.where(chosen, transform(x, chance[:, len(POLICIES) :]), x)
    return x


def rolled(images: Tensor, chance: Tensor) -> Tensor:
    """Roll images `[N, C, H, W]` by one offset: what leaves at one edge enters at the opposite one.

    `chance` are two uniform numbers from [0, 1), for the offsets down and to the right.
    """
    height, width = images.shape[2:]
    down, right = int(chance[0] * height), int(chance[1] * width)
    return torch.roll(images, (down, right), dims=(2, 3))


def color(images: Tensor, chance: Tensor) -> Tensor:
    """Change brightness, saturation and contrast at random; an alpha channel stays."""
    u = chance[:, :3, None, None, None]
    x, rest = images[:, :3], images[:, 3:]
    x = x + (u[:, 0] - 0.5)
    gray = x.mean(dim=1, keepdim=True)
    x = gray + (x - gray) * (2.0 * u[:, 1])
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (u[:, 2] + 0.5)
    return torch.cat([x, rest], dim=1)


def translation(images: Tensor, chance: Tensor) -> Tensor:
    """Shift by up to an eighth of the size each way; uncovered pixels are 0, middle gray."""
    n, channels, height, width = images.shape
    down, across = (int(size * SHIFT + 0.5) for size in (height, width))  # at most
    rows, columns = (  # [N, H] and [N, W], indices into the padded image; 0 is a shift by `most`
        (chance[:, k, None] * (2 * most + 1)).long() + torch.arange(size, device=images.device)
        for k, most, size in ((3, down, height), (4, across, width))
    )
    x = F.pad(images, (across, across, down, down))
    x = x.gather(2, rows[:, None, :, None].expand(n, channels, height, width + 2 * across))
    return x.gather(3, columns[:, None, None, :].expand(n, channels, height, width))


def cutout(images: Tensor, chance: Tensor) -> Tensor:
    """Set a rectangle of half the height and width to 0; it may lie partly outside the image."""
    rows, columns = (_within(chance[:, 5 + k], images.shape[2 + k]) for k in (0, 1))
    hole = rows[:, :, None] & columns[:, None, :]
    return images * ~hole[:, None]


def _within(chance: Tensor, size: int) -> Tensor:
    """Mask `[N, size]` of the indices of one axis that are cut out; `chance` `[N]` sets where."""
    side = int(size * CUT + 0.5)
    places = torch.arange(size, device=chance.device)
    first = (chance[:, None] * (size + 1 - side % 2)).long() - side // 2
    return (places >= first) & (places < first + side)


POLICIES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


# ----------------------------------------------------------------------------------------
# ADA, Karras et al. 2020, section 3.1: augmentation becomes stronger while the discriminator
# overfits, and weaker when it does not. r_t is the mean sign of its scores for real images.


@dataclass(frozen=True)
class AugmentStrength:
    """Strength of augmentation after a step; plain numbers, for checkpoints.

    Attributes:
        p: the probability of each transformation for an image.
        signs: sum over steps of the mean sign of the real scores, since `p` was changed.
        steps: number of steps in that sum.
    """

    p: float
    signs: float = 0.0
    steps: int = 0

    def after(
        self, sign_real: float, batch_size: int, target: float, ramp_images: int
    ) -> AugmentStrength:
        """Strength after a step; every fourth step changes it, so that r_t approaches `target`.

        Args:
            sign_real: mean sign of the real scores of the step.
            batch_size: images in the step.
            target: the target value of r_t.
            ramp_images: images over which the strength can rise from 0 to 1.
        """
        signs, steps = self.signs + sign_real, self.steps + 1
        if steps < INTERVAL:
            return AugmentStrength(self.p, signs, steps)
        size = INTERVAL * batch_size / ramp_images
        move = math.copysign(size, signs / steps - target)
        return AugmentStrength(min(1.0, max(0.0, self.p + move)))
