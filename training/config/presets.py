"""The named configurations: one row each.

Owns `PRESETS`. A preset is a starting point; `--set` changes it. "images" are real images shown.
"""

from __future__ import annotations

from dataclasses import replace

from models.families.progan.config import ProganConfig
from training.config.biggan_presets import BIGGAN_PRESETS
from training.config.config import TrainingConfig
from training.config.cyclegan_presets import CYCLEGAN_PRESETS
from training.config.dcgan_presets import DCGAN_PRESETS
from training.config.groups import (
    AUTO,
    AugmentationConfig,
    AverageConfig,
    LevelPlan,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)
from training.config.stargan_presets import STARGAN_PRESETS
from training.config.stylegan_presets import STYLEGAN_PRESETS


def plans(*rows: tuple[int, int, int, int, float]) -> tuple[LevelPlan, ...]:
    """Level plans from rows: resolution, fade images, stable images, batch size, learning rate."""
    return tuple(LevelPlan(*row) for row in rows)


# Karras et al. 2018, appendix A: CelebA-HQ at 1024 px, 19 million images in all. The minibatch
# deviation is taken over the whole minibatch, as in the code that produced the paper's numbers.
PAPER_CELEBAHQ_1024 = TrainingConfig(
    preset="paper-celebahq-1024",
    network=ProganConfig(1024),
    levels=plans(
        (4, 0, 800_000, 16, 0.001),
        (8, 800_000, 800_000, 16, 0.001),
        (16, 800_000, 800_000, 16, 0.001),
        (32, 800_000, 800_000, 16, 0.001),
        (64, 800_000, 800_000, 16, 0.001),
        (128, 800_000, 800_000, 16, 0.001),
        (256, 800_000, 800_000, 14, 0.001),
        (512, 800_000, 800_000, 6, 0.001),
        (1024, 800_000, 6_200_000, 3, 0.001),
    ),
    objective=ObjectiveConfig(name="wgan-gp", stddev_group=0, reuse_fakes=False),
    penalty=PenaltyConfig(weight=10.0, drift=0.001),
    optimizer=OptimizerConfig(reset=True, warm_up_images=40_000),
    average=AverageConfig(decay=0.999),
    augmentation=AugmentationConfig(mirror=True),
    tick_images=160_000,
)

# Appendix D: CIFAR-10, 20 million images, a gradient norm of 750, both networks updated together.
PAPER_CIFAR = replace(
    PAPER_CELEBAHQ_1024,
    preset="paper-cifar",
    network=ProganConfig(32, latent_size=128, fmap_base=4096, fmap_max=128),
    levels=plans(
        (4, 0, 400_000, 16, 0.001),
        (8, 400_000, 400_000, 16, 0.001),
        (16, 400_000, 400_000, 16, 0.001),
        (32, 400_000, 17_600_000, 16, 0.001),
    ),
    penalty=replace(PAPER_CELEBAHQ_1024.penalty, target=750.0),
    objective=replace(PAPER_CELEBAHQ_1024.objective, reuse_fakes=True),
    optimizer=replace(PAPER_CELEBAHQ_1024.optimizer, warm_up_images=0),
    augmentation=replace(PAPER_CELEBAHQ_1024.augmentation, mirror=False),
)

# Sizes for two CPU cores. The penalty is computed on a quarter of each batch, at every step.
TINY = TrainingConfig(
    preset="tiny",
    network=ProganConfig(16, latent_size=32, fmap_base=256, fmap_max=32),
    levels=plans(
        (4, 0, 6_000, 32, 0.003),
        (8, 4_000, 6_000, 32, 0.003),
        (16, 4_000, 8_000, 32, 0.003),
    ),
    penalty=PenaltyConfig(weight=0.0002, share=0.25),
    average=AverageConfig(half_life_images=1_000),
    tick_images=2_000,
)

DEMO_32 = TrainingConfig(
    preset="demo-32",
    network=ProganConfig(32, latent_size=64, fmap_base=512, fmap_max=64),
    levels=plans(
        (4, 0, 8_000, 64, 0.003),
        (8, 6_000, 10_000, 64, 0.003),
        (16, 8_000, 14_000, 32, 0.003),
        (32, 8_000, 12_000, 32, 0.003),
    ),
    objective=ObjectiveConfig(name="rpgan-r1r2"),
    penalty=PenaltyConfig(weight=0.01, share=0.25),
    average=AverageConfig(half_life_images=2_000),
    tick_images=4_000,
    precision=AUTO,
)

FASHION_32 = TrainingConfig(
    preset="fashion-32",
    network=ProganConfig(32, channels=1, latent_size=96, fmap_base=1024, fmap_max=96),
    levels=plans(
        (4, 0, 30_000, 64, 0.002),
        (8, 20_000, 30_000, 64, 0.002),
        (16, 30_000, 40_000, 32, 0.002),
        (32, 30_000, 40_000, 32, 0.002),
    ),
    penalty=PenaltyConfig(weight=0.0005, share=0.25),
    tick_images=4_000,
    precision=AUTO,
)

# As above with classes, wider, and with the objective that preserved the diversity of personas.
FASHION_32_LABELS = replace(
    FASHION_32,
    preset="fashion-32-labels",
    network=ProganConfig(32, channels=1, latent_size=96, fmap_base=1536, fmap_max=128, classes=10),
    levels=plans(
        (4, 0, 20_000, 64, 0.002),
        (8, 15_000, 25_000, 64, 0.002),
        (16, 20_000, 40_000, 32, 0.002),
        (32, 30_000, 110_000, 32, 0.002),
    ),
    objective=replace(FASHION_32.objective, name="rpgan-r1r2", labels="projection"),
    penalty=replace(FASHION_32.penalty, weight=0.01),
)

PERSONAS_128 = TrainingConfig(
    preset="personas-128",
    network=ProganConfig(128, latent_size=96, fmap_base=1024, fmap_max=96),
    levels=plans(
        (4, 0, 10_000, 64, 0.002),
        (8, 10_000, 20_000, 64, 0.002),
        (16, 15_000, 30_000, 32, 0.002),
        (32, 10_000, 30_000, 32, 0.002),
        (64, 8_000, 12_000, 16, 0.002),
        (128, 8_000, 140_000, 16, 0.002),
    ),
    objective=ObjectiveConfig(name="rpgan-r1r2"),
    penalty=PenaltyConfig(weight=0.01, share=0.25),
    optimizer=OptimizerConfig(cool_down_images=60_000),
    tick_images=2_000,
    precision=AUTO,
)

# One level more; it needs few images when it is initialised from a finished run of personas-128.
# Gamma grows with the pixels; at 256 px, beards and frames only appeared with a seventh of it.
PERSONAS_256 = replace(
    PERSONAS_128,
    preset="personas-256",
    network=replace(PERSONAS_128.network, resolution=256),
    levels=(*PERSONAS_128.levels, LevelPlan(256, 8_000, 32_000, 16, 0.002, penalty_scale=0.15)),
    optimizer=replace(PERSONAS_128.optimizer, cool_down_images=16_000),
)

# For pictures of few, flat shapes. Half the feature maps of PERSONAS_128 and four times its
# learning rate learned as much from an image in a third of the time. Each resolution from 128 px on
# is trained on crops of 64 px: a step costs as much as at 64 px, and the discriminator needs no new
# level. Crops agree with the picture of 64 px, so that colours which few crops show are kept.
LANDSCAPES_512 = replace(
    PERSONAS_128,
    preset="landscapes-512",
    network=ProganConfig(512, latent_size=96, fmap_base=2048, fmap_max=48, fmap_min=16),
    levels=(
        *plans(
            (4, 0, 10_000, 64, 0.008),
            (8, 8_000, 20_000, 64, 0.008),
            (16, 8_000, 30_000, 32, 0.008),
            (32, 6_000, 40_000, 16, 0.008),
            (64, 6_000, 75_000, 16, 0.005),
        ),
        LevelPlan(128, 1_500, 4_500, 16, 0.003, penalty_scale=4.0, crop=64, consistency=100.0),
        LevelPlan(256, 1_000, 11_000, 16, 0.008, penalty_scale=1.5, crop=64, consistency=100.0),
        LevelPlan(512, 1_000, 34_000, 16, 0.008, penalty_scale=0.7, crop=64, consistency=100.0),
    ),
    penalty=replace(PERSONAS_128.penalty, weight=0.002),
    optimizer=replace(PERSONAS_128.optimizer, cool_down_images=5_000),
)

# For 300 to 500 pictures: ADA adapts the strength of DiffAugment (Karras et al. 2020, Zhao et al.
# 2020), which needs scores around zero, so the objective is logistic-r1. Its quality after
# a long run has not been measured.
FEW_128 = TrainingConfig(
    preset="few-128",
    network=PERSONAS_128.network,
    levels=plans(
        (4, 0, 20_000, 64, 0.002),
        (8, 15_000, 30_000, 64, 0.002),
        (16, 20_000, 40_000, 32, 0.002),
        (32, 20_000, 50_000, 32, 0.002),
        (64, 20_000, 60_000, 16, 0.002),
        (128, 20_000, 120_000, 16, 0.002),
    ),
    penalty=PenaltyConfig(weight=0.0005, share=0.25),
    augmentation=AugmentationConfig(
        mirror=True, policy="color,translation,cutout", target=0.6, ramp_images=100_000
    ),
    tick_images=2_000,
    precision=AUTO,
)

PRESETS: dict[str, TrainingConfig] = {
    config.preset: config
    for config in (
        TINY,
        DEMO_32,
        FASHION_32,
        FASHION_32_LABELS,
        PERSONAS_128,
        PERSONAS_256,
        LANDSCAPES_512,
        FEW_128,
        PAPER_CIFAR,
        PAPER_CELEBAHQ_1024,
        *DCGAN_PRESETS,
        *STYLEGAN_PRESETS,
        *CYCLEGAN_PRESETS,
        *BIGGAN_PRESETS,
        *STARGAN_PRESETS,
    )
}
