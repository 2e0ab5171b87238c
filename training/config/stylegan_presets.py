"""The named configurations of StyleGAN2.

Owns `STYLEGAN_PRESETS`; `presets.py` has the table of all.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.stylegan.config import StyleganConfig
from training.config.config import TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.groups import (
    AUTO,
    AugmentationConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)
from training.config.style_settings import StyleConfig

# Karras et al. 2020 (StyleGAN2), appendix B, configuration F on FFHQ: 25 million images of 1024 px,
# batches of 32, R1 with gamma 10 in every 16th step, path length regularization in every 4th.
STYLEGAN_PAPER = TrainingConfig(
    preset="stylegan-paper",
    network=StyleganConfig(1024),
    levels=at_once(1024, 25_000_000, 32, 0.002),
    objective=ObjectiveConfig(reuse_fakes=False),
    penalty=PenaltyConfig(weight=10 * 32 / 1024**2, interval=16),
    style=StyleConfig(mixing=0.9, path_length_weight=2.0),
    augmentation=AugmentationConfig(mirror=True),
    tick_images=100_000,
)

# For two CPU cores: narrow networks, a short mapping network and no path length regularization, as
# the published settings for small pictures have it (Karras et al. 2020, StyleGAN2-ADA, appendix C).
STYLEGAN_32 = replace(
    STYLEGAN_PAPER,
    preset="stylegan-32",
    network=StyleganConfig(
        32, latent_size=96, style_size=96, mapping_layers=2, fmap_base=1024, fmap_max=96
    ),
    levels=at_once(32, 400_000, 32, 0.0025),
    objective=ObjectiveConfig(),
    penalty=PenaltyConfig(weight=0.0005, interval=16),
    optimizer=OptimizerConfig(cool_down_images=40_000),
    style=StyleConfig(mixing=0.5),
    augmentation=AugmentationConfig(),
    tick_images=20_000,
    precision=AUTO,
)

STYLEGAN_PRESETS = (STYLEGAN_32, STYLEGAN_PAPER)
