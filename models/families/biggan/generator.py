"""The generator of a BigGAN.

Owns the way from latent and class to image.
Source: Brock et al. 2019, appendix B.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.entrance import Entrance
from models.exit_shape import ExitShape
from models.families.biggan.config import BigganConfig
from models.families.biggan.entrance import BigganEntrance
from models.families.biggan.normalisation import NORM_EPSILON
from models.families.biggan.synthesis import BigganSynthesis
from models.families.config import FamilyConfig
from models.families.one_hot_entrance import OneHotEntrance, with_one_hot
from models.families.one_resolution import OneResolutionGenerator
from models.growth import Growth


class BigganGenerator(OneResolutionGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]` in [-1, 1].

    With `psi_steps` K it has statistics of all batch normalisations for latents truncated with a
    psi of 0, 1/K, ..., 1: `truncated_means` and `truncated_variances`, `[K + 1, maps]`.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    truncated_means: Tensor
    truncated_variances: Tensor

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        config = BigganConfig.narrow(config)
        super().__init__(config, exits)
        self.synthesis = BigganSynthesis(config)
        self.psi_steps, maps = config.psi_steps, sum(config.corrected_maps)
        if self.psi_steps:
            self.register_buffer("truncated_means", torch.zeros(self.psi_steps + 1, maps))
            self.register_buffer("truncated_variances", torch.ones(self.psi_steps + 1, maps))

    @property
    def entrance(self) -> Entrance:
        """The rule to entry vectors."""
        one_hot = OneHotEntrance(self.config.latent_size, self.config.classes)
        if not self.psi_steps:
            return one_hot
        means, variances = (
            each.detach().double().cpu()
            for each in (self.truncated_means, self.truncated_variances)
        )
        return BigganEntrance(one_hot, means, torch.sqrt(variances + NORM_EPSILON))

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

        The latents are not truncated.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = self.require(growth, labels)
        entry = with_one_hot(z, labels, self.config.classes)
        if self.psi_steps:  # factors of 1, then summands of 0
            maps = self.truncated_means.shape[1]
            entry = F.pad(F.pad(entry, (0, maps), value=1.0), (0, maps))
        return self.way_to(growth.resolution)(self.synthesis(entry))
