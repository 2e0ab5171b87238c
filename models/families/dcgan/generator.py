"""The generator of a DCGAN: transposed convolutions with batch normalisation.

Owns the forward pass from latent to image.
Source: Radford et al. 2016, section 3 and figure 1.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.dcgan.blocks import FirstBlock, ImageBlock, UpBlock
from models.families.dcgan.config import DcganConfig
from models.families.one_hot_entrance import OneHotEntrance, with_one_hot
from models.families.one_resolution import OneResolutionGenerator
from models.growth import Growth
from models.layers.progan import in_fp32


class DcganGenerator(OneResolutionGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]` in [-1, 1].

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        config = DcganConfig.narrow(config)
        super().__init__(config, exits)
        maps = [config.feature_maps(level) for level in range(config.top_level)]
        first = FirstBlock(config.entry_size, maps[0], config.base)
        self.blocks = nn.ModuleList([first, *(UpBlock(*sizes) for sizes in pairwise(maps))])
        self.image = ImageBlock(maps[-1], config.channels)

    @property
    def entrance(self) -> OneHotEntrance:
        """The rule to entry vectors."""
        return OneHotEntrance(self.config.latent_size, self.config.classes)

    @property
    def trunk(self) -> nn.ModuleList:
        """All layers but the last."""
        return nn.ModuleList(self.blocks)

    @property
    def after_trunk(self) -> nn.Module:
        """The last layer."""
        return self.image

    def entry_weights(self) -> Tensor:
        """Weights of the first convolution, `[maps h w, L]`, without those of the class."""
        first = cast("FirstBlock", self.blocks[0])
        return first.conv.weight.detach().flatten(1).T[:, : self.config.latent_size]

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels` at `growth`; by default at the top level.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = self.require(growth, labels)
        x = with_one_hot(z, labels, self.config.classes)
        for block in self.blocks:
            x = block(x)
        return in_fp32(self.way_to(growth.resolution), x)
