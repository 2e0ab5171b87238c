"""A StyleGAN2 so small that a step takes milliseconds."""

from __future__ import annotations

from dataclasses import replace

from models.families.stylegan.config import StyleganConfig
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.config.presets import PRESETS

NETWORK = StyleganConfig(8, 3, 8, 6, 2, 64, 8)


def tiny_stylegan(**style: float) -> TrainingConfig:
    """8 px in batches of 4, R1 in every 4th step, and these settings of styles."""
    preset = PRESETS["stylegan-32"]
    return replace(
        preset,
        network=NETWORK,
        levels=(LevelPlan(4, 0, 0, 4, 0.002), LevelPlan(8, 0, 64, 4, 0.002)),
        penalty=replace(preset.penalty, interval=4),
        style=replace(preset.style, **style),
        optimizer=replace(preset.optimizer, cool_down_images=0),
        precision="fp32",
    )
