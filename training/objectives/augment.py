"""Augmentation of what the discriminator sees, for small sets of pictures.

Owns the transformations of DiffAugment (Zhao et al. 2020, section 3.3), which real and fake images
pass alike on their way to the discriminator, and `AugmentStrength`, the share of images that they
change. Random numbers come from the caller; gradients flow through to the generator. A penalty is
computed at the augmented images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

DRAWS = 10  # uniform numbers for each image: three for whether, seven for how
SHIFT = 1 / 8  # of width and height, at most
CUT = 1 / 2  # of width and height
INTERVAL = 4  # steps between two changes of an adaptive strength


def augment(images: Tensor, policy: str, strength: float, chance: Tensor) -> Tensor:
    """Images `[N, C, H, W]` in about [-1, 1] -> the same shape.

    Args:
        images: real or fake ones.
        policy: names in `POLICIES`, separated by commas; empty for none.
        strength: the share of images that each transformation falls on, 0 to 1.
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


def color(images: Tensor, chance: Tensor) -> Tensor:
    """Another brightness, saturation and contrast; transparency stays."""
    u = chance[:, :3, None, None, None]
    x, rest = images[:, :3], images[:, 3:]
    x = x + (u[:, 0] - 0.5)
    gray = x.mean(dim=1, keepdim=True)
    x = gray + (x - gray) * (2.0 * u[:, 1])
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (u[:, 2] + 0.5)
    return torch.cat([x, rest], dim=1)


def translation(images: Tensor, chance: Tensor) -> Tensor:
    """Moved by up to an eighth of the size each way; what is uncovered is 0, middle gray."""
    n, channels, height, width = images.shape
    down, across = (int(size * SHIFT + 0.5) for size in (height, width))  # at most
    rows, columns = (  # [N, H] and [N, W] of the padded image; 0 is `most` to one side
        (chance[:, k, None] * (2 * most + 1)).long() + torch.arange(size, device=images.device)
        for k, most, size in ((3, down, height), (4, across, width))
    )
    x = F.pad(images, (across, across, down, down))
    x = x.gather(2, rows[:, None, :, None].expand(n, channels, height, width + 2 * across))
    return x.gather(3, columns[:, None, None, :].expand(n, channels, height, width))


def cutout(images: Tensor, chance: Tensor) -> Tensor:
    """A rectangle of half the height and width, anywhere, also partly outside, is 0."""
    rows, columns = (_within(chance[:, 5 + k], images.shape[2 + k]) for k in (0, 1))
    hole = rows[:, :, None] & columns[:, None, :]
    return images * ~hole[:, None]


def _within(chance: Tensor, size: int) -> Tensor:
    """Which places of an axis are cut out, `[N, size]`; `chance` `[N]` says where."""
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
# ADA, Karras et al. 2020, section 3.1: more of it while the discriminator memorises its pictures,
# less when it does not. r_t is the mean sign of its scores for real images.


@dataclass(frozen=True)
class AugmentStrength:
    """The strength of augmentation after a step; plain numbers, for checkpoints.

    Attributes:
        p: the share of images that each transformation falls on.
        signs: the mean signs of real scores since `p` was changed, summed.
        steps: how many of them.
    """

    p: float
    signs: float = 0.0
    steps: int = 0

    def after(
        self, sign_real: float, batch_size: int, target: float, ramp_images: int
    ) -> AugmentStrength:
        """The strength after a step; every fourth step moves it, so that r_t nears `target`.

        Args:
            sign_real: mean sign of the real scores of the step.
            batch_size: images in it.
            target: the r_t that is aimed at.
            ramp_images: images in which the strength can go from 0 to 1.
        """
        signs, steps = self.signs + sign_real, self.steps + 1
        if steps < INTERVAL:
            return AugmentStrength(self.p, signs, steps)
        size = INTERVAL * batch_size / ramp_images
        move = math.copysign(size, signs / steps - target)
        return AugmentStrength(min(1.0, max(0.0, self.p + move)))
