"""The settings that a step reads: those of a run, or of a trial of the benchmark.

Owns `StepSettings`. Knows no value, and nothing that the schedule decides.
"""

from __future__ import annotations

from typing import Protocol

from models.families.config import FamilyConfig
from training.config.groups import (
    AugmentationConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
    Precision,
)
from training.config.style_settings import StyleConfig


class StepSettings(Protocol):
    """Settings of a step; `TrainingConfig` has all of them."""

    @property
    def network(self) -> FamilyConfig:
        """Sizes of latents and images, and the number of classes."""
        ...

    @property
    def objective(self) -> ObjectiveConfig:
        """Losses of both networks."""
        ...

    @property
    def penalty(self) -> PenaltyConfig:
        """Gradient penalty."""
        ...

    @property
    def optimizer(self) -> OptimizerConfig:
        """Bound of the discriminator's weights; learning rates are those of the schedule."""
        ...

    @property
    def augmentation(self) -> AugmentationConfig:
        """Augmentation of real and fake images."""
        ...

    @property
    def style(self) -> StyleConfig:
        """Mixing and path length regularization, for networks whose layers have styles."""
        ...

    @property
    def precision(self) -> Precision:
        """Number format of the convolutions."""
        ...

    @property
    def seed(self) -> int:
        """Seed of all random numbers."""
        ...
