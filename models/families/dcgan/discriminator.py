"""The discriminator of a DCGAN, and the ways in which it can use classes.

Owns the forward pass from image to score. The score is not limited by a sigmoid, which belongs to
the loss. Real and fake images are scored in batches of their own, so that the statistics of each
batch normalisation are those of one kind.
Source: Radford et al. 2016, section 3.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.config import FamilyConfig
from models.families.dcgan.blocks import DownBlock
from models.families.dcgan.config import DcganConfig
from models.families.one_resolution import OneResolutionDiscriminator
from models.family import DiscriminatorOptions
from models.growth import Growth
from models.layers.progan import in_fp32


class DcganDiscriminator(OneResolutionDiscriminator):
    """Image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real.

    Classes are used in one of three ways. `concatenation`: a constant map for each class beside the
    channels of the image (Mirza and Osindero 2014). `projection`: the score of an image of class y
    is s(h) + v_y . h, where h is the sum of the last features over their pixels (Miyato and Koyama
    2018, equation 3). `acgan`: an auxiliary classifier (Odena et al. 2017).

    Args:
        config: determines the shapes.
        options: use of classes. With a gradient penalty there is no batch normalisation: it would
            make the gradient of one image depend on the others (Gulrajani et al. 2017, section 4).

    Raises:
        TypeError: `config` is of another family.
    """

    def __init__(self, config: FamilyConfig, options: DiscriminatorOptions) -> None:
        super().__init__()
        config = DcganConfig.narrow(config)
        levels = reversed(range(config.top_level))
        maps = [config.discriminator_feature_maps(level) for level in levels]
        classes, labels = config.classes, options.labels
        self.config = config
        self.mapped_classes = classes if labels == "concatenation" else 0
        normalised, channels = not options.penalised, config.channels + self.mapped_classes
        self.blocks = nn.ModuleList(
            DownBlock(*sizes, normalised=normalised and place > 0, bias=not normalised)
            for place, sizes in enumerate(pairwise([channels, *maps]))
        )
        self.score = nn.Conv2d(maps[-1], 1, config.base, bias=False)
        self.projection = nn.Embedding(classes, maps[-1]) if labels == "projection" else None
        self.class_scores = nn.Conv2d(maps[-1], classes, config.base) if labels == "acgan" else None

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of images at the top level; `labels` are their classes, int64 `[N]`.

        Raises:
            ValueError: classes are needed and missing, or `growth` is below the top level.
        """
        needs_classes = self.mapped_classes > 0 or self.projection is not None
        self.require(growth, labels, with_classes=needs_classes)
        features = self.features(images, labels)
        scores = in_fp32(self.score, features).flatten()
        if self.projection is None or labels is None:
            return scores
        h = features.float().sum(dim=(2, 3))
        return scores + (self.projection(labels) * h).sum(dim=1)

    def classify(self, images: Tensor, growth: Growth) -> Tensor:
        """Logits of all classes `[N, classes]`.

        Raises:
            TypeError: there is no auxiliary classifier.
        """
        if self.class_scores is None:
            raise TypeError("this discriminator does not name classes: make it auxiliary")
        self.require(growth)
        return in_fp32(self.class_scores, self.features(images, None)).flatten(1)

    def features(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """Features `[N, maps, h, w]` of the base."""
        x = images
        if self.mapped_classes and labels is not None:
            shares = F.one_hot(labels, self.mapped_classes).to(images.dtype)
            maps = shares[:, :, None, None].expand(-1, -1, *images.shape[2:])
            x = torch.cat([images, maps], dim=1)
        for block in self.blocks:
            x = block(x)
        return x
