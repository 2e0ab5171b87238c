"""The generator of a BigGAN.

Owns the way from latent and class to image.
Source: Brock et al. 2019, appendix B.
"""

from __future__ import annotations

from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.biggan.config import BigganConfig
from models.families.biggan.synthesis import BigganSynthesis
from models.families.config import FamilyConfig
from models.families.one_hot_entrance import OneHotEntrance, with_one_hot
from models.families.one_resolution import OneResolutionGenerator
from models.growth import Growth


class BigganGenerator(OneResolutionGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]` in [-1, 1].

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        config = BigganConfig.narrow(config)
        super().__init__(config, exits)
        self.synthesis = BigganSynthesis(config)

    @property
    def entrance(self) -> OneHotEntrance:
        """The rule to entry vectors."""
        return OneHotEntrance(self.config.latent_size, self.config.classes)

    @property
    def trunk(self) -> nn.ModuleList:
        """All layers."""
        return nn.ModuleList([self.synthesis])

    def entry_weights(self) -> Tensor:
        """Weights of the first layer, and of factors and summands of all blocks, `[M, L]`.

        Each reads its own part of the latent, so the matrix has zeros elsewhere.
        """
        return self.synthesis.latent_weights()

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels` at `growth`; by default at the top level.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = self.require(growth, labels)
        entry = with_one_hot(z, labels, self.config.classes)
        return self.way_to(growth.resolution)(self.synthesis(entry))
