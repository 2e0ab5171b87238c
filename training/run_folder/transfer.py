"""Transfer: initial weights of a run from a bundle or from another run.

Owns how the configuration follows the source: the shapes, the levels that are skipped; and the
copying of every weight that `beginning` provides. A run with a checkpoint no longer needs the
source, only its name: the source may have been trained further, or deleted.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import torch
from torch import nn

from models.families.config import FamilyConfig
from models.families.table import offer_of
from models.resolution import level_of
from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.game.state import TrainingState
from training.run_folder.beginning import Beginning, Weights, names_of, read_beginning
from training.run_folder.resume import newest_images_shown, read_config

# Fields of a network that the new run decides, or that both must agree in.
AGREED = {
    *("family", "resolution", "channels", "classes", "base_height", "base_width", "tiling"),
    *("fmap_min", "psi_steps"),
}


def beginning_with(
    config: TrainingConfig, run: Path, path: Path
) -> tuple[TrainingConfig, Beginning | None]:
    """Configuration of a run with initial weights from `path`, and these weights.

    They are None if the run has a checkpoint and was initialised from a source of the same name.

    Raises:
        BundleError: `path` is neither a whole bundle nor a run.
        CheckpointError: the run at `path` has no whole checkpoint.
        ConfigError: the source does not fit, has not finished growing, or cannot be read.
    """
    recorded = read_config(run / CONFIG_FILE) if newest_images_shown(run) else None
    if recorded and recorded.init_from.partition("@")[0] in names_of(path):
        return follow_again(config, recorded), None
    beginning = read_beginning(path, config.network.resolution)
    return follow(config, beginning), beginning


def follow(config: TrainingConfig, beginning: Beginning) -> TrainingConfig:
    """Configuration of a new run with these initial weights.

    Latent size and feature maps are those of the source. Levels below its top level are skipped.
    The top level starts in its stable phase, so that a new discriminator learns before anything
    fades in; it is skipped, too, if the source has a discriminator and there is a higher level.

    Raises:
        ConfigError: the source does not fit.
    """
    theirs, ours, name = beginning.network, config.network, beginning.name.partition("@")[0]
    if theirs.family != ours.family:
        raise ConfigError(
            f"{name} is of the family {theirs.family}, the preset {config.preset} of "
            f"{ours.family}: choose a preset of the same family"
        )
    if theirs.resolution != ours.resolution and not offer_of(ours).grows:
        raise ConfigError(
            f"{name} has {theirs.resolution} px, the preset {config.preset} {ours.resolution} px, "
            f"and a network of the family {ours.family} does not grow: choose a preset of "
            f"{theirs.resolution} px"
        )
    if theirs.resolution > ours.resolution:
        raise ConfigError(
            f"{name} has {theirs.resolution} px, the preset {config.preset} ends at "
            f"{ours.resolution} px: choose a preset of {theirs.resolution} px or more"
        )
    if theirs.base != ours.base:
        raise ConfigError(
            f"{name} draws pictures of shape {theirs.base_height}x{theirs.base_width} (height "
            f"x width), this run {ours.base_height}x{ours.base_width}: prepare the pictures with "
            f"--shape {theirs.base_height}x{theirs.base_width}"
        )
    if (theirs.channels, theirs.classes) != (ours.channels, ours.classes):
        raise ConfigError(
            f"{name} draws {theirs.channels} channels in {theirs.classes} classes, this run "
            f"{ours.channels} in {ours.classes}: choose pictures, network.channels and labels that "
            "agree with it"
        )
    network = shaped_as(theirs, ours, name)
    skipped = [replace(p, fade_images=0, stable_images=0) for p in config.levels]
    held = replace(config.levels[theirs.top_level], fade_images=0)
    grows = theirs.resolution < ours.resolution
    first = skipped[theirs.top_level] if grows and beginning.discriminator else held
    levels = (*skipped[: theirs.top_level], first, *config.levels[theirs.top_level + 1 :])
    for plan in levels:
        reference = levels[level_of(plan.crop)] if plan.consistency else plan
        learned = reference.fade_images + reference.stable_images
        if plan.consistency and not (learned or plan.crop in beginning.learned):
            raise ConfigError(
                f"{name} does not have its own picture of {plan.crop} px, as trained, which crops "
                f"of {plan.resolution} px are to agree with: add --set 'levels.*.consistency=0', "
                f"or begin with a run that ended with its level of {plan.crop} px"
            )
    return replace(config, network=network, levels=levels, init_from=beginning.name)


def follow_again(config: TrainingConfig, recorded: TrainingConfig) -> TrainingConfig:
    """Configuration of a resumed run, with the transfer that its own folder records.

    Of another family or resolution it stays as it is: `resume.keep_config` then tells what differs.

    Raises:
        ConfigError: the requested network cannot have its shapes.
    """
    kinds = [(each.network.family, each.network.resolution) for each in (config, recorded)]
    if kinds[0] != kinds[1]:
        return replace(config, init_from=recorded.init_from)
    name = recorded.init_from.partition("@")[0]
    network = shaped_as(recorded.network, config.network, name)
    pairs = [*zip(config.levels, recorded.levels, strict=False)]
    known = [not (before.fade_images or before.stable_images) for _, before in pairs]
    first = known.index(False)
    levels = [replace(plan, fade_images=0, stable_images=0) for plan in config.levels[:first]]
    held = not recorded.levels[first].fade_images
    top = replace(config.levels[first], fade_images=0) if held else config.levels[first]
    levels += [top, *config.levels[first + 1 :]]
    return replace(config, network=network, levels=tuple(levels), init_from=recorded.init_from)


def shaped_as(theirs: FamilyConfig, ours: FamilyConfig, name: str) -> FamilyConfig:
    """Network `ours` with latent size, feature maps and other own shapes of `theirs`.

    Raises:
        ConfigError: they leave no feature map at the resolution of `ours`.
    """
    own = [field.name for field in fields(theirs) if field.name not in AGREED]
    shapes = {key: getattr(theirs, key) for key in own}
    try:
        return replace(ours, **shapes)
    except ValueError as error:
        raise ConfigError(f"{name} cannot grow to {ours.resolution} px: {error}") from error


def begin_with(state: TrainingState, beginning: Beginning) -> None:
    """Copy the initial weights into the networks; missing ones keep their random values.

    Raises:
        ConfigError: a weight has no parameter of its name and shape.
    """
    _take_over(state.generator, beginning.generator)
    _take_over(state.average, beginning.average)
    _take_over(state.discriminator, beginning.discriminator)


@torch.no_grad()
def _take_over(network: nn.Module, weights: Weights) -> None:
    parameters = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    for name, value in weights.items():
        parameter = parameters.get(name)
        if parameter is None or parameter.shape != value.shape:
            raise ConfigError(
                f"{name} of what the run shall begin with, of shape {tuple(value.shape)}, has no "
                "place in it: the exit at the top of a bundle must be the one it was trained with, "
                "and `labels` must be those of the run"
            )
        parameter.copy_(value)
