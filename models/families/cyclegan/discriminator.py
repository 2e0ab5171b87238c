"""The discriminators of a CycleGAN, one for each domain, and their earlier fake pictures.

Owns the forward pass from picture to the scores of its patches (PatchGAN, Isola et al. 2017), and
the memory of earlier fakes, which belongs to the state of training (`training.game.fake_pool` fills
it). Knows no loss.
Source: Zhu et al. 2017, appendix 7.2.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from models.families.config import FamilyConfig
from models.families.cyclegan.blocks import InstanceNorm
from models.families.cyclegan.config import CycleganConfig
from models.family import DiscriminatorOptions, ImageDiscriminator
from models.growth import Growth
from models.layers.progan import LEAKY_SLOPE, in_fp32

PATCH_KERNEL, PATCH_PADDING = 4, 1
MOST_DOUBLINGS = 3  # of the feature maps


class PatchDiscriminator(nn.Module):
    """Picture `[N, C, H, W]` in [-1, 1] -> scores `[N, 1, h, w]`, each of one patch."""

    def __init__(self, config: CycleganConfig) -> None:
        super().__init__()
        maps, halvings = config.discriminator_maps, config.discriminator_layers
        layers: list[nn.Module] = [
            nn.Conv2d(config.channels, maps, PATCH_KERNEL, 2, PATCH_PADDING),
            nn.LeakyReLU(LEAKY_SLOPE),
        ]
        before = maps
        for place in range(1, halvings + 1):
            after, stride = maps << min(place, MOST_DOUBLINGS), 2 if place < halvings else 1
            layers += [
                nn.Conv2d(before, after, PATCH_KERNEL, stride, PATCH_PADDING),
                InstanceNorm(),
                nn.LeakyReLU(LEAKY_SLOPE),
            ]
            before = after
        self.layers = nn.Sequential(*layers)
        self.score = nn.Conv2d(before, 1, PATCH_KERNEL, 1, PATCH_PADDING)

    def forward(self, images: Tensor) -> Tensor:
        """Scores of all patches, fp32."""
        return in_fp32(self.score, self.layers(images))


class CycleganDiscriminator(ImageDiscriminator):
    """One `PatchDiscriminator` for each domain.

    Args:
        config: determines the shapes.
        pool_size: number of earlier fake pictures of each domain that are kept; 0 for none.
    """

    def __init__(self, config: CycleganConfig, pool_size: int = 0) -> None:
        super().__init__()
        self.config = config
        self.of = nn.ModuleList(PatchDiscriminator(config) for _ in range(config.classes))
        # Buffers, because checkpoints then hold them, and a run resumes exactly.
        shape = (pool_size, config.channels, *config.size_at(config.resolution))
        for domain in range(config.classes if pool_size else 0):
            self.register_buffer(f"pool_{domain}", torch.zeros(shape))
            self.register_buffer(f"pooled_{domain}", torch.zeros((), dtype=torch.int64))

    def pool(self, domain: int) -> tuple[Tensor, Tensor] | None:
        """Earlier fakes `[P, C, H, W]` of a domain, and their number; None if none are kept."""
        buffers = dict(self.named_buffers())
        if f"pool_{domain}" not in buffers:
            return None
        return buffers[f"pool_{domain}"], buffers[f"pooled_{domain}"]

    def patches(self, images: Tensor, domain: int) -> Tensor:
        """Scores `[N, 1, h, w]` of the patches of pictures that claim to be of a domain."""
        return cast("Tensor", self.of[domain](images))

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Mean scores of pictures of the domains `labels`, int64 `[N]`.

        Raises:
            ValueError: the domains are missing, or `growth` is below the top level.
        """
        if labels is None or (growth is not None and growth != Growth(self.config.top_level)):
            raise ValueError(
                f"pictures of {self.config.resolution} px and their domains are scored"
            )
        scores = [
            self.patches(image[None], int(label)).mean()
            for image, label in zip(images, labels, strict=True)
        ]
        return torch.stack(scores)


def cyclegan_discriminator(
    config: FamilyConfig, options: DiscriminatorOptions
) -> CycleganDiscriminator:
    """Build the discriminators of a configuration of this family.

    Raises:
        TypeError: `config` is of another family.
    """
    return CycleganDiscriminator(CycleganConfig.narrow(config), options.pool_size)
