"""The discriminator of a StarGAN: how real a picture is, and of which domain.

Owns the forward pass from picture to both results. Knows no loss.
Source: Choi et al. 2018, section 3.1 and appendix 7.2, table 5.
"""

from __future__ import annotations

from torch import Tensor, nn

from models.families.config import FamilyConfig
from models.families.one_resolution import OneResolutionDiscriminator
from models.families.stargan.config import StarganConfig
from models.family import DiscriminatorOptions
from models.growth import Growth
from models.layers.progan import in_fp32

STARGAN_SLOPE = 0.01  # of the leaky ReLU
KERNEL, PADDING = 4, 1


class StarganDiscriminator(OneResolutionDiscriminator):
    """Picture `[N, C, H, W]` in [-1, 1] -> score `[N]`, the mean over its patches, and domain.

    Args:
        config: determines the shapes.
        options: none has a meaning here.

    Raises:
        TypeError: `config` is of another family.
    """

    def __init__(self, config: FamilyConfig, options: DiscriminatorOptions) -> None:  # noqa: ARG002 - see above
        super().__init__()
        self.config = config = StarganConfig.narrow(config)
        maps = [config.discriminator_maps << place for place in range(config.discriminator_layers)]
        layers: list[nn.Module] = []
        for before, after in zip([config.channels, *maps], maps, strict=False):
            convolution = nn.Conv2d(before, after, KERNEL, 2, PADDING)
            layers += [convolution, nn.LeakyReLU(STARGAN_SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.patches = nn.Conv2d(maps[-1], 1, 3, 1, 1, bias=False)
        self.domain = nn.Conv2d(maps[-1], config.classes, config.patch_map, bias=False)

    def forward(
        self,
        images: Tensor,
        growth: Growth | None = None,
        labels: Tensor | None = None,  # noqa: ARG002 - a score does not depend on the domain
    ) -> Tensor:
        """Mean scores of the patches of pictures, fp32 `[N]`.

        Raises:
            ValueError: `growth` is below the top level.
        """
        self.require(growth)
        return in_fp32(self.patches, self.layers(images)).mean(dim=(1, 2, 3))

    def classify(self, images: Tensor, growth: Growth) -> Tensor:
        """Logits of all domains, fp32 `[N, domains]`.

        Raises:
            ValueError: `growth` is below the top level.
        """
        self.require(growth)
        return in_fp32(self.domain, self.layers(images)).flatten(1)
