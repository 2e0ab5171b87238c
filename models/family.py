"""The interface of a family of generators, which training, export and service build on.

Owns `ImageGenerator` and `ImageDiscriminator`, the base classes of all networks, and `Family`, the
offer of a family: its networks, their initial weights, and what they can be trained with. The table
of families is in `models.families.table`. Knows no family, no loss and no bundle.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from torch import Tensor, nn

from models.entrance import Entrance
from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.growth import Growth


class Way(NamedTuple):
    """The way to the pictures of one resolution, or to those of one class at this resolution.

    Attributes:
        start: number of modules of the trunk before it.
        module: from the result of these modules, or from the entry vector if there are none, to
            images `[N, C, h, w]`, about [-1, 1].
        label: number of the class whose pictures it makes; None for all.
        box: side in pixels of the box filter after `module`, so that several resolutions can share
            one module; 1 for none.
    """

    start: int
    module: nn.Module
    label: int | None = None
    box: int = 1


class ImageGenerator(nn.Module, ABC):
    """A generator: latent `[N, L]` -> image `[N, C, H, W]`, about [-1, 1].

    Attributes:
        config: of its family; it determines all shapes.
    """

    config: FamilyConfig

    @property
    @abstractmethod
    def entrance(self) -> Entrance:
        """The rule to entry vectors, with a copy of the current weights."""

    @property
    @abstractmethod
    def trunk(self) -> nn.ModuleList:
        """Modules that run one after another, from entry vectors `[N, size]` on; may be empty."""

    @property
    @abstractmethod
    def ways(self) -> tuple[Way, ...]:
        """For each resolution, smallest first: one, or one for each class, in order.

        None starts before that of a smaller resolution.
        """

    def entry_weights(self) -> Tensor:
        """Weights `[M, S]` by which a latent, or a style, enters the first linear layers.

        M is the number of their outputs, S that of numbers in a latent or style.

        Raises:
            TypeError: the network has neither.
        """
        raise TypeError(f"{type(self).__name__} has neither latents nor styles")

    @abstractmethod
    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels`, int64 `[N]`, at `growth`.

        Without `growth`, those of the top level.
        """

    @abstractmethod
    def up_to(self, level: int) -> Self:
        """Copy the generator without the levels above `level`, with the same weights.

        Raises:
            ValueError: there is no such level, or the family has no such smaller generator.
        """


class ImageDiscriminator(nn.Module, ABC):
    """A discriminator: image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real."""

    config: FamilyConfig

    @abstractmethod
    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of images with classes `labels`, int64 `[N]`, at the resolution of `growth`."""

    def classify(self, images: Tensor, growth: Growth) -> Tensor:  # noqa: ARG002 - of families that name classes
        """Logits of all classes `[N, classes]`.

        Raises:
            TypeError: there is no auxiliary classifier.
        """
        raise TypeError(f"a {type(self).__name__} does not name classes")

    def share_statistics(self, deviate: Callable[[Tensor, int], Tensor]) -> None:  # noqa: ARG002 - of families that are distributed
        """Compute statistics over a batch by `deviate`, since several processes share it.

        Raises:
            TypeError: the family is not distributed.
        """
        raise TypeError(f"a {type(self).__name__} is trained by one process")


@dataclass(frozen=True)
class DiscriminatorOptions:
    """Settings of a discriminator that its objective determines, not its generator.

    Attributes:
        labels: how it uses classes, a name in `Family.labels`.
        stddev_group: group size of the minibatch standard deviation; 0 for the whole batch.
        penalised: True if the objective has a gradient penalty, which is defined for each image
            alone, so that no layer may mix the images of a batch.
        pool_size: number of earlier fake images of each domain that are kept for its updates.
    """

    labels: str = "none"
    stddev_group: int = 4
    penalised: bool = True
    pool_size: int = 0


@dataclass(frozen=True)
class Family:
    """A family of generators.

    Attributes:
        title: for people.
        generator: builds a generator with one exit of each of these shapes; None for the shapes
            that it is trained with.
        discriminator: builds the discriminator of the same configuration.
        initialise: draws the initial weights of a network, in place.
        labels: ways to use classes, in training.
        objectives: names in `training.objectives.losses.OBJECTIVES`; None for all.
        grows: True if training may begin at a low resolution.
        is_distributed: True if several processes can share a batch.
        fits_exits: True if exits below the top level are fitted at export; else those
            pictures are box-downsampled.
        translates: True if the input is a picture of one domain and the output one of another; the
            domains are the classes of the network.
        many_domains: True if it translates between as many domains as the pictures have, by one
            generator; else between two.
    """

    title: str
    generator: Callable[[FamilyConfig, tuple[ExitShape, ...] | None], ImageGenerator]
    discriminator: Callable[[FamilyConfig, DiscriminatorOptions], ImageDiscriminator]
    initialise: Callable[[nn.Module, np.random.Generator], None]
    labels: tuple[str, ...]
    objectives: tuple[str, ...] | None
    grows: bool
    fits_exits: bool
    is_distributed: bool
    translates: bool = False
    many_domains: bool = False
