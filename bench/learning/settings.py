"""Training configurations of ours that are comparable with another implementation.

Owns the settings of every comparison and the parameter counts of both code bases. Measures nothing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch

from models.families.progan.config import ProganConfig
from training.config.config import TrainingConfig
from training.config.groups import BF16, FP32, LevelPlan
from training.config.overrides import with_settings
from training.config.presets import PAPER_CELEBAHQ_1024, PRESETS
from training.run_folder.precision import precision_for

STEPS_AHEAD = 1_000_000  # a schedule longer than any benchmark
PEER_LEARNING_RATE = 0.003  # the default of its `ProGAN.train`
PEER_STDDEV_GROUP = 4  # the default of its `MinibatchStdDev`
UNLABELLED = tuple(
    sorted(name for name, config in PRESETS.items() if config.objective.labels == "none")
)


def full_size(config: TrainingConfig, images: int) -> TrainingConfig:
    """Return the same configuration at only the highest resolution: lower levels show no image."""
    below = [replace(plan, fade_images=0, stable_images=0) for plan in config.levels[:-1]]
    top = replace(config.levels[-1], fade_images=0, stable_images=images)
    return replace(config, levels=(*below, top))


def up_to(config: TrainingConfig, resolution: int, channels: int) -> TrainingConfig:
    """Return the same schedule up to `resolution` only, with a learning rate that does not fall.

    Raises:
        ValueError: the preset has no such resolution.
    """
    known = config.network.resolutions
    if resolution not in known[1:]:
        offered = ", ".join(map(str, known[1:]))
        raise ValueError(f"{config.preset} grows to {offered} px, not to {resolution}")
    network = replace(config.network, resolution=resolution, channels=channels)
    levels = tuple(plan for plan in config.levels if plan.resolution <= resolution)
    shorter = replace(config, network=network, levels=levels)
    return with_settings(shorter, {"cool_down_images": 0})


def of_shape(
    config: TrainingConfig, network: ProganConfig, batch_size: int, rate: float
) -> TrainingConfig:
    """Return `config` for another network, at its full size, in steps of `batch_size`."""
    levels = tuple(LevelPlan(size, 0, 1, batch_size, rate) for size in network.resolutions)
    constant = {"warm_up_images": 0, "cool_down_images": 0}
    shaped = with_settings(replace(config, network=network, levels=levels), constant)
    return full_size(shaped, STEPS_AHEAD * batch_size)


def same_loss(network: ProganConfig, batch_size: int) -> TrainingConfig:
    """Return WGAN-GP in fp32 with the hyperparameters of the peer.

    `reuse_fakes`, since the generator step of the peer recomputes the fakes of its discriminator
    step: noise and weights are the same.
    """
    paper = of_shape(PAPER_CELEBAHQ_1024, network, batch_size, PEER_LEARNING_RATE)
    settings = {"stddev_group": PEER_STDDEV_GROUP, "reuse_fakes": True, "mirror": False}
    return with_settings(paper, settings)


def default_game(preset: str, network: ProganConfig, batch_size: int) -> TrainingConfig:
    """Return a preset's objective, penalty and precision for another network on this processor."""
    config = precision_for(PRESETS[preset], torch.device("cpu"))
    return of_shape(config, network, batch_size, config.levels[-1].learning_rate)


def other_precision(config: TrainingConfig) -> TrainingConfig:
    """Return the same configuration in bf16, or in fp32 if it was in bf16."""
    return replace(config, precision=FP32 if config.precision == BF16 else BF16)


# ----------------------------------------------------------------------------------------
# Parameters of the peer's networks. They differ from ours in one place: its generator begins with a
# transposed convolution, which has one bias for each map, ours with a dense layer, which has 16.


def peer_parameters(network: ProganConfig) -> tuple[int, int]:
    """Return the parameter counts of its generator and its discriminator, at this width.

    Raises:
        ValueError: the two code bases cannot have the same shape.
    """
    maps = [network.feature_maps(level) for level in range(network.top_level + 1)]
    first, latent, channels = maps[0], network.latent_size, network.channels
    if latent != first or network.classes:
        raise ValueError(
            f"the peer's discriminator ends in latent_size features, ours in those of 4 px: both "
            f"must be equal, not {latent} and {first}, and there can be no classes"
        )
    steps = list(pairwise(maps))
    generator = conv(latent, first, 4) + conv(first, first, 3)
    generator += sum(conv(low, high, 3) + conv(high, high, 3) for low, high in steps)
    generator += sum(conv(each, channels, 1) for each in maps)
    discriminator = sum(conv(channels, each, 1) for each in maps)
    discriminator += sum(conv(high, high, 3) + conv(high, low, 3) for low, high in steps)
    discriminator += conv(first + 1, first, 3) + conv(first, latent, 4) + conv(latent, 1, 1)
    return generator, discriminator


def conv(in_maps: int, out_maps: int, kernel: int) -> int:
    """Return the number of weights and biases of one convolution."""
    return in_maps * out_maps * kernel**2 + out_maps


def biases_more(network: ProganConfig) -> int:
    """Return how many more parameters our generator has: all are biases of its first layer."""
    return 15 * network.feature_maps(0)
