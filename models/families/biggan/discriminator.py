"""The discriminator of a BigGAN: residual blocks, attention, and a projection on classes.

Owns the forward pass from image to score. No layer mixes the images of a batch.
Source: Brock et al. 2019, appendix B; Miyato and Koyama 2018 (projection).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.attention import SelfAttention
from models.families.biggan.blocks import DownResidualBlock
from models.families.biggan.config import BigganConfig
from models.families.config import FamilyConfig
from models.families.one_resolution import OneResolutionDiscriminator
from models.family import DiscriminatorOptions
from models.growth import Growth
from models.layers.progan import in_fp32
from models.layers.spectral import SpectralLinear, SpectralTable

CIFAR_RESOLUTION = 32  # pixels; these networks end at 8 px with two blocks that keep the size
CIFAR_DOWN, CIFAR_PLAIN = 2, 2


class BigganDiscriminator(OneResolutionDiscriminator):
    """Image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real.

    The score of an image of class y is s(h) + v_y . h, where h is the sum of the last features over
    their pixels (Miyato and Koyama 2018, equation 3).

    Args:
        config: determines the shapes.
        options: use of classes.

    Raises:
        TypeError: `config` is of another family.
    """

    def __init__(self, config: FamilyConfig, options: DiscriminatorOptions) -> None:
        super().__init__()
        config = BigganConfig.narrow(config)
        is_small = config.resolution == CIFAR_RESOLUTION
        downs = CIFAR_DOWN if is_small else config.top_level
        plain = CIFAR_PLAIN if is_small else 1
        maps = [config.feature_maps(config.top_level - place) for place in range(downs)]
        inputs, last = [config.channels, *maps[:-1]], maps[-1]
        self.config = config
        self.blocks = nn.ModuleList(
            DownResidualBlock(*pair, first=place == 0, down=True)
            for place, pair in enumerate(zip(inputs, maps, strict=True))
        )
        self.blocks.extend(
            DownResidualBlock(last, last, first=False, down=False) for _ in range(plain)
        )
        level = config.resolutions.index(config.attention) if config.attention else 0
        self.attended = config.top_level - level - 1  # the block whose result has this resolution
        attends = config.attention > 0 and self.attended < downs
        size = config.size_at(config.attention) if attends else (0, 0)
        self.attention = SelfAttention(maps[self.attended], size) if attends else None
        self.score = SpectralLinear(last, 1)
        projects = options.labels == "projection" and config.classes > 0
        self.classes = SpectralTable(config.classes, last) if projects else None

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of images at the top level; `labels` are their classes, int64 `[N]`.

        Raises:
            ValueError: classes are needed and missing, or `growth` is below the top level.
        """
        self.require(growth, labels, with_classes=self.classes is not None)
        x = images
        for place, block in enumerate(self.blocks):
            x = block(x)
            if self.attention is not None and place == self.attended:
                x = self.attention(x)
        h = F.relu(x).float().sum(dim=(2, 3))
        scores = in_fp32(self.score, h).squeeze(1)
        if self.classes is None or labels is None:
            return scores
        return scores + (self.classes(labels) * h).sum(dim=1)
