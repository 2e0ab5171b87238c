"""The named configurations of DCGANs and of Wasserstein GANs with their networks.

Owns `DCGAN_PRESETS`; `presets.py` has the table of all.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.dcgan.config import DcganConfig
from models.resolution import level_of, resolution_of
from training.config.config import TrainingConfig
from training.config.groups import (
    AverageConfig,
    LevelPlan,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)


def at_once(resolution: int, images: int, batch_size: int, rate: float) -> tuple[LevelPlan, ...]:
    """Level plans of a network that does not grow: all images are shown at `resolution`."""
    below = [resolution_of(level) for level in range(level_of(resolution))]
    skipped = [LevelPlan(r, 0, 0, batch_size, rate) for r in below]
    return (*skipped, LevelPlan(resolution, 0, images, batch_size, rate))


# Radford et al. 2016, section 4: Adam with beta1 0.5, weights from N(0, 0.02), batches of 128,
# pictures of 64 px, without an averaged generator. As many images as 25 epochs of CelebA's 202,599.
# Latents are normal, as in PyTorch's example; the paper draws them uniformly.
DCGAN_PAPER = TrainingConfig(
    preset="dcgan-paper",
    network=DcganConfig(64, generator_maps=128, discriminator_maps=128),
    levels=at_once(64, 5_065_000, 128, 0.0002),
    objective=ObjectiveConfig(name="bce"),
    penalty=PenaltyConfig(weight=0.0),
    optimizer=OptimizerConfig(beta1=0.5, beta2=0.999),
    average=AverageConfig(half_life_images=1.0),
    tick_images=100_000,
)

# Half of its maps and smaller batches, for two CPU cores, and an averaged generator.
DCGAN_64 = replace(
    DCGAN_PAPER,
    preset="dcgan-64",
    network=DcganConfig(64),
    levels=at_once(64, 200_000, 64, 0.0002),
    average=AverageConfig(),
    tick_images=10_000,
)
DCGAN_32 = replace(
    DCGAN_64,
    preset="dcgan-32",
    network=DcganConfig(32),
    levels=at_once(32, 600_000, 64, 0.0002),
    tick_images=20_000,
)

# Arjovsky et al. 2017, algorithm 1, and Gulrajani et al. 2017, algorithm 1; batches of 32, so that
# the generator gets more updates from as many images.
WGAN_32 = replace(
    DCGAN_32,
    preset="wgan-32",
    levels=at_once(32, 1_000_000, 32, 0.00005),
    objective=ObjectiveConfig(name="wgan", critic_steps=5),
    optimizer=OptimizerConfig(name="rmsprop", weight_clip=0.01),
)
WGAN_GP_32 = replace(
    WGAN_32,
    preset="wgan-gp-32",
    levels=at_once(32, 1_000_000, 32, 0.0001),
    objective=ObjectiveConfig(name="wgan-gp", critic_steps=5),
    penalty=PenaltyConfig(weight=10.0),
    optimizer=OptimizerConfig(beta1=0.0, beta2=0.9),
)

DCGAN_PRESETS = (DCGAN_32, DCGAN_64, DCGAN_PAPER, WGAN_32, WGAN_GP_32)
