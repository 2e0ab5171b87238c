"""Networks of one resolution, as most families have them.

Owns what their generators share: box filters for smaller images, so that a thumbnail shows exactly
what the image shows, and the checks of what such networks cannot do. Knows no layer of a family.
"""

from __future__ import annotations

from typing import Self

from torch import Tensor, nn

from models.exit_shape import BOX, ExitShape
from models.families.config import FamilyConfig
from models.family import ImageDiscriminator, ImageGenerator, Way
from models.growth import Growth


class OneResolutionGenerator(ImageGenerator):
    """A generator without levels; its smaller images are box-downsampled.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None) -> None:
        super().__init__()
        if exits is not None and exits != (BOX,) * len(config.resolutions):
            raise ValueError(
                f"a {config.NAME} has box filters in place of exits, at every resolution"
            )
        self.config = config

    @property
    def after_trunk(self) -> nn.Module | None:
        """Layers from the result of the trunk to the finished image; None if that is the image."""
        return None

    @property
    def ways(self) -> tuple[Way, ...]:
        """The finished image, and a box filter below the top level."""
        start = len(self.trunk)
        return tuple(Way(start, self.way_to(size)) for size in self.config.resolutions)

    def way_to(self, resolution: int) -> nn.Module:
        """Module from the result of the trunk to images of a resolution."""
        pixels, last = self.config.resolution // resolution, self.after_trunk
        if pixels == 1:
            return nn.Identity() if last is None else last
        box = nn.AvgPool2d(pixels)
        return box if last is None else nn.Sequential(last, box)

    def up_to(self, level: int) -> Self:
        """Return itself: there is no smaller generator.

        Raises:
            ValueError: `level` is not the top level.
        """
        if level != self.config.top_level:
            name, top = self.config.NAME, self.config.top_level
            raise ValueError(f"a {name} has one level of its own, {top}")
        return self

    def require(self, growth: Growth | None, labels: Tensor | None) -> Growth:
        """Check what `forward` was given; return `growth`, or the top level if it is None.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = growth or Growth(self.config.top_level)
        if growth.fading or (labels is None) != (self.config.classes == 0):
            raise ValueError(
                f"a {self.config.NAME} does not fade, and this one has {self.config.classes} "
                "classes: labels are needed where there are some, and only there"
            )
        return growth


class OneResolutionDiscriminator(ImageDiscriminator):
    """A discriminator that scores images of the top level alone."""

    def require(
        self, growth: Growth | None, labels: Tensor | None = None, *, with_classes: bool = False
    ) -> None:
        """Check what `forward` was given; with `with_classes`, the score needs labels.

        Raises:
            ValueError: classes are needed and missing, or `growth` is below the top level.
        """
        if with_classes and labels is None:
            raise ValueError("a discriminator with classes must be told those of the images")
        if growth is not None and growth != Growth(self.config.top_level):
            raise ValueError(f"this network scores images of {self.config.resolution} px only")
