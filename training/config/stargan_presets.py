"""The named configurations of StarGANs.

Owns `STARGAN_PRESETS`; `presets.py` has the table of all. "images" are pictures of all domains,
each shown to the discriminator once. Every network has as many domains as the data.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.stargan.config import StarganConfig
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

# Choi et al. 2018, sections 4.3 and 5.1, and the code they published: CelebA at 128 px with five
# attributes, WGAN-GP with five updates of the discriminator for each of the generator, weights of
# 1 for domains, 10 for the reconstruction and 10 for the penalty, batches of 16, Adam with 0.0001,
# 200,000 steps, over the second half of which the rate falls to 0, and mirroring.
STARGAN_PAPER = TrainingConfig(
    preset="stargan-paper",
    network=StarganConfig(128),
    levels=at_once(128, 3_200_000, 16, 0.0001),
    objective=ObjectiveConfig(name="wgan-gp", labels="acgan", label_weight=1.0, critic_steps=5),
    penalty=PenaltyConfig(weight=10.0),
    optimizer=OptimizerConfig(beta1=0.5, beta2=0.999, cool_down_images=1_600_000),
    average=AverageConfig(half_life_images=0.01),
    augmentation=AugmentationConfig(mirror=True),
    translation=TranslationConfig(cycle_weight=10.0, identity_weight=0.0, pool_size=0),
    tick_images=160_000,
)

# A quarter of the maps, 4 blocks, small batches and an averaged generator, for two CPU cores.
STARGAN_64 = replace(
    STARGAN_PAPER,
    preset="stargan-64",
    network=StarganConfig(
        64,
        generator_maps=16,
        generator_blocks=4,
        discriminator_maps=16,
        discriminator_layers=5,
    ),
    levels=at_once(64, 120_000, 8, 0.0003),
    objective=replace(STARGAN_PAPER.objective, critic_steps=2),
    optimizer=OptimizerConfig(beta1=0.5, beta2=0.999, cool_down_images=60_000),
    average=AverageConfig(half_life_images=1_000.0),
    augmentation=AugmentationConfig(),
    tick_images=4_000,
    precision=AUTO,
)

STARGAN_PRESETS = (STARGAN_64, STARGAN_PAPER)
