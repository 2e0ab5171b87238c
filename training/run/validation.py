"""Validation of pictures, configuration and processes, before any training.

Owns these checks, and the settings that are derived from the pictures. Knows no network.
"""

from __future__ import annotations

import math
from dataclasses import replace

from models.families.table import offer_of
from models.resolution import SQUARE
from training.config.config import ConfigError, LevelPlan, TrainingConfig
from training.config.groups import BF16
from training.data.stream import Prepared
from training.objectives.gradient_penalty import penalised_count
from training.objectives.losses import OBJECTIVES

FEWEST_CLASSES = 2


def check_data(config: TrainingConfig, prepared: Prepared) -> None:
    """Raise an error if the pictures cannot train this configuration.

    Raises:
        ConfigError: number, resolution, shape, channels, classes or bit depth of the pictures do
            not fit.
    """
    if prepared.bit_depth == 16 and config.precision == BF16:
        raise ConfigError(
            f"{prepared.folder} has pictures of 16 bits, of which precision=bf16 keeps 8: leave "
            "precision out, or use --set precision=fp32"
        )
    largest_batch = max(plan.batch_size for plan in showing(config))
    if prepared.count < largest_batch:
        raise ConfigError(
            f"{prepared.folder} has {prepared.count} pictures, fewer than the largest batch of "
            f"{largest_batch}: prepare more, or use --set levels.*.batch_size=..."
        )
    missing = sorted(set(config.network.resolutions) - set(prepared.manifest.resolutions))
    if missing:
        raise ConfigError(
            f"{prepared.folder} has pictures of up to {max(prepared.manifest.resolutions)} px, the "
            f"preset {config.preset} needs {config.network.resolution} px: prepare them with "
            f"--resolution {config.network.resolution}, or choose a smaller preset"
        )
    base = config.network.base
    if prepared.manifest.base != base:
        theirs = "x".join(map(str, prepared.manifest.base))
        raise ConfigError(
            f"{prepared.folder} has pictures of shape {theirs} (height x width), the network "
            f"{base[0]}x{base[1]}: leave network.base_height and network.base_width out, they "
            f"follow the data, or prepare with --shape {base[0]}x{base[1]}"
        )
    if prepared.channels != config.network.channels:
        raise ConfigError(
            f"{prepared.folder} has {prepared.channels} channels per picture, the preset "
            f"{config.preset} has {config.network.channels}: prepare with --channels "
            f"{config.network.channels}, or use --set network.channels={prepared.channels}"
        )
    check_classes(config, prepared)


def check_classes(config: TrainingConfig, prepared: Prepared) -> None:
    """Raise an error if the classes of the pictures, or their domains, do not fit.

    Raises:
        ConfigError: their number is another one.
    """
    names, network = prepared.manifest.label_names, config.network
    if offer_of(network).translates:
        require_domains(config, prepared)
    if config.objective.labels != "none" and len(names) < FEWEST_CLASSES:
        raise ConfigError(
            f"{prepared.folder} has {len(names)} classes, labels={config.objective.labels} needs "
            f"{FEWEST_CLASSES} or more: prepare a folder with one sub-folder for each class, or "
            "an IDX file with its labels beside it; or use --set labels=none"
        )
    if network.classes not in (0, len(names)):
        raise ConfigError(
            f"{prepared.folder} has {len(names)} classes, the network {network.classes}: "
            "leave network.classes out, it follows the data"
        )


def require_domains(config: TrainingConfig, prepared: Prepared) -> None:
    """Raise an error if a network cannot translate between the domains of the pictures.

    Raises:
        ConfigError: there are none, or more or fewer than it translates between.
    """
    found, network = len(prepared.manifest.label_names), config.network
    many = offer_of(network).many_domains
    if found >= FEWEST_CLASSES if many else found == network.classes:
        return
    wanted = f"{FEWEST_CLASSES} or more" if many else network.classes
    raise ConfigError(
        f"{prepared.folder} has {found} domains, the preset {config.preset} translates between "
        f"{wanted}: prepare them together, prepare SOURCE SOURCE OUT, or a folder with one "
        "sub-folder for each domain"
    )


def showing(config: TrainingConfig) -> list[LevelPlan]:
    """Plans of the levels that show images; the other levels are skipped without a step."""
    return [plan for plan in config.levels if plan.fade_images or plan.stable_images]


def check_processes(config: TrainingConfig, processes: int) -> None:
    """Raise an error if the processes cannot share every batch equally.

    Raises:
        ConfigError: a batch cannot be shared; the message names it, and what to change.
    """
    if processes > 1 and not offer_of(config.network).is_distributed:
        raise ConfigError(
            f"a network of the family {config.network.family} is trained by one process, since its "
            "statistics are those of one batch: start it without torchrun"
        )
    share = config.penalty.share if OBJECTIVES[config.objective.name].takes_share else 1.0
    for plan in showing(config):
        batch, penalised = plan.batch_size, penalised_count(plan.batch_size, share)
        if batch % processes:
            raise ConfigError(
                f"{processes} processes cannot share the batch of {batch} images at "
                f"{plan.resolution} px equally: start another number of processes, or use --set "
                f"levels.{plan.resolution}.batch_size={math.ceil(batch / processes) * processes}"
            )
        if penalised % processes:
            raise ConfigError(
                f"{processes} processes cannot share equally the {penalised} images that are "
                f"penalised of each batch of {batch} at {plan.resolution} px: start another number "
                "of processes, or use --set penalty_share=1"
            )


def with_classes(config: TrainingConfig, prepared: Prepared) -> TrainingConfig:
    """Configuration with the number of classes of the pictures, if labels are used."""
    if config.objective.labels == "none" or config.network.classes:
        return config
    classes = len(prepared.manifest.label_names)
    if offer_of(config.network).many_domains and classes < FEWEST_CLASSES:
        return config  # `check_classes` tells what to do
    return replace(config, network=replace(config.network, classes=classes))


def with_base(config: TrainingConfig, prepared: Prepared) -> TrainingConfig:
    """Configuration with the base shape of the pictures, unless it sets one itself."""
    if config.network.base != SQUARE:
        return config
    height, width = prepared.manifest.base
    network = replace(config.network, base_height=height, base_width=width)
    return replace(config, network=network)
