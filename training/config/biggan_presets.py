"""The named configurations of BigGANs.

Owns `BIGGAN_PRESETS`; `presets.py` has the table of all.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.biggan.config import BigganConfig
from training.config.config import TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.groups import (
    AverageConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)

# Brock et al. 2019, section 3 and appendix C: ImageNet at 128 px, batches of 2,048, two updates of
# the discriminator for each of the generator, learning rates 0.00005 and 0.0002, no gradient
# penalty. 150,000 updates of the generator, in the middle of what the paper reports.
BIGGAN_PAPER = TrainingConfig(
    preset="biggan-paper",
    network=BigganConfig(128, attention=64, classes=1000),
    levels=at_once(128, 614_400_000, 2048, 0.00005),
    objective=ObjectiveConfig(name="hinge", labels="projection", critic_steps=2),
    penalty=PenaltyConfig(weight=0.0),
    optimizer=OptimizerConfig(beta1=0.0, beta2=0.999, discriminator_rate=4.0),
    average=AverageConfig(decay=0.9999),
    tick_images=2_048_000,
)

# For two CPU cores: narrow, with attention at 16 px; R1 in every 16th step steadies small batches.
# Without classes, as the data may have none; `--set labels=projection` takes those of the data.
BIGGAN_32 = replace(
    BIGGAN_PAPER,
    preset="biggan-32",
    network=BigganConfig(
        32, latent_size=64, class_size=32, fmap_base=1024, fmap_max=64, attention=16
    ),
    levels=at_once(32, 250_000, 64, 0.0004),
    objective=replace(BIGGAN_PAPER.objective, labels="none"),
    penalty=PenaltyConfig(weight=0.0002, interval=16),
    optimizer=OptimizerConfig(beta1=0.0, beta2=0.999, cool_down_images=25_000),
    average=AverageConfig(),
    tick_images=10_000,
)

BIGGAN_PRESETS = (BIGGAN_32, BIGGAN_PAPER)
