"""Networks that translate pictures between domains.

Owns what their generators share: the source picture as a vector, the domain that must be named, and
smaller pictures that are box-downsampled, since statistics of a smaller source would be others; and
what all offers of such families have in common. Knows no layer of a family.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.one_resolution import OneResolutionGenerator
from models.families.source_entrance import SourceEntrance
from models.family import DiscriminatorOptions, Family, ImageDiscriminator, ImageGenerator
from models.growth import Growth

BuildGenerator: TypeAlias = Callable[[FamilyConfig, tuple[ExitShape, ...] | None], ImageGenerator]
BuildDiscriminator: TypeAlias = Callable[[FamilyConfig, DiscriminatorOptions], ImageDiscriminator]
InitialiseWeights: TypeAlias = Callable[[nn.Module, np.random.Generator], None]


class TranslatingGenerator(OneResolutionGenerator):
    """Source picture as a vector `[N, C H W]`, and the domain of the result -> `[N, C, H, W]`."""

    @property
    def entrance(self) -> SourceEntrance:
        """The rule to entry vectors."""
        return SourceEntrance(self.config.latent_size, self.config.classes)

    @abstractmethod
    def translate_numbers(self, sources: Tensor, domains: Tensor) -> Tensor:
        """Pictures as vectors `[N, C H W]`, translated into `domains`, int64 `[N]`."""

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Translations of sources `z`, `[N, C H W]`, into the domains `labels`, int64 `[N]`.

        Raises:
            ValueError: `growth` is fading, or the domains are missing.
        """
        if labels is None:
            raise ValueError(f"a {self.config.NAME} needs the domain of each result")
        growth = self.require(growth, labels)
        images: Tensor = self.way_to(growth.resolution)(self.translate_numbers(z, labels))
        return images


def translating_family(
    *,
    title: str,
    generator: BuildGenerator,
    discriminator: BuildDiscriminator,
    initialise: InitialiseWeights,
    labels: tuple[str, ...],
    objectives: tuple[str, ...],
    many_domains: bool,
) -> Family:
    """The offer of a family that translates: it has one resolution, and one process trains it.

    Arguments are attributes of `models.family.Family`.
    """
    return Family(
        title,
        generator,
        discriminator,
        initialise,
        labels,
        objectives,
        grows=False,
        fits_exits=False,
        is_distributed=False,
        translates=True,
        many_domains=many_domains,
    )
