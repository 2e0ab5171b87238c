"""The named configurations of CycleGANs.

Owns `CYCLEGAN_PRESETS`; `presets.py` has the table of all. "images" are pictures of each domain.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.cyclegan.config import CycleganConfig
from training.config.config import TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.groups import (
    AUTO,
    AugmentationConfig,
    AverageConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)
from training.config.translation import TranslationConfig

# Zhu et al. 2017, section 4 and appendix 7: least squares, cycle weight 10, 50 earlier fakes, Adam
# with 0.0002, batches of one, 100 epochs and 100 more in which the rate falls to 0, of the 1,334
# photographs of the larger domain of horses and zebras. The identity term is that of section 5.2.
# Prepared pictures have the final size: the paper scales to 286 pixels and crops 256 at random.
CYCLEGAN_PAPER = TrainingConfig(
    preset="cyclegan-paper",
    network=CycleganConfig(256),
    levels=at_once(256, 266_800, 1, 0.0002),
    objective=ObjectiveConfig(name="least-squares"),
    penalty=PenaltyConfig(weight=0.0),
    optimizer=OptimizerConfig(beta1=0.5, beta2=0.999, cool_down_images=133_400),
    average=AverageConfig(half_life_images=0.01),
    augmentation=AugmentationConfig(mirror=True),
    translation=TranslationConfig(),
    tick_images=13_340,
)

# A quarter of the maps, 4 blocks, and an averaged generator, for two CPU cores.
CYCLEGAN_64 = replace(
    CYCLEGAN_PAPER,
    preset="cyclegan-64",
    network=CycleganConfig(64, generator_maps=16, generator_blocks=4, discriminator_maps=16),
    levels=at_once(64, 60_000, 4, 0.0002),
    optimizer=OptimizerConfig(beta1=0.5, beta2=0.999, cool_down_images=30_000),
    average=AverageConfig(half_life_images=2_000.0),
    augmentation=AugmentationConfig(),
    tick_images=2_000,
    precision=AUTO,
)

CYCLEGAN_PRESETS = (CYCLEGAN_64, CYCLEGAN_PAPER)
