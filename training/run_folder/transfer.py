"""Transfer: a run that begins with a bundle, or with another run, instead of random weights.

Owns what is taken over: the shapes, and every weight up to the top level that is known. A bundle
gives its generator with the exit at its top; the exits below were made for serving. A run gives
both networks and its average, but not Adam's moments. Knows no schedule but that the levels that
are known already are skipped. A run that has a checkpoint needs what it began with no longer, only
its name: that may have been trained on, or be gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from models.bundle import Bundle, BundleError, load_bundle, load_card
from models.families.progan.config import NetworkConfig
from models.families.progan.growth import Growth
from models.layout import file_sha256
from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.game.state import TrainingState
from training.run_folder.checkpoint import CHECKPOINTS, checkpoint_at
from training.run_folder.loaded import load_run
from training.run_folder.resume import newest_images_shown, read_config

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Beginning:
    """What a run begins with.

    Attributes:
        name: of the bundle or run, with the digest of its weights: `name@digest`.
        network: its shapes.
        generator: weights by name, as are the others.
        average: those of the averaged generator.
        discriminator: empty of a bundle.
    """

    name: str
    network: NetworkConfig
    generator: Weights = field(repr=False)
    average: Weights = field(repr=False)
    discriminator: Weights = field(repr=False)


def beginning_with(
    config: TrainingConfig, run: Path, path: Path
) -> tuple[TrainingConfig, Beginning | None]:
    """The configuration of a run that begins with what lies at `path`, and what that is.

    That is None where the run has a checkpoint and began with something of that name.

    Raises:
        BundleError: it is neither a whole bundle nor a run.
        CheckpointError: the run that it is has no whole checkpoint.
        ConfigError: it does not fit, has not finished growing, or cannot be read.
    """
    recorded = read_config(run / CONFIG_FILE) if newest_images_shown(run) else None
    if recorded and recorded.init_from.partition("@")[0] in names_of(path):
        return follow_again(config, recorded), None
    beginning = read_beginning(path)
    return follow(config, beginning), beginning


def names_of(path: Path) -> set[str]:
    """What a beginning at `path` is called: by its folder, and by its card if there is one."""
    names = {path.resolve().name}
    with suppress(BundleError):
        names.add(load_card(path).name)
    return names


def read_beginning(path: Path) -> Beginning:
    """A bundle, or the newest checkpoint of a run.

    Raises:
        BundleError: it is neither a whole bundle nor a run.
        CheckpointError: the run has no whole checkpoint.
        ConfigError: the run has not finished growing, or its configuration cannot be read.
    """
    if (path / CONFIG_FILE).is_file():
        return of_run(path)
    return of_bundle(load_bundle(path))


def of_bundle(bundle: Bundle) -> Beginning:
    """The generator alone, for the average, too."""
    top = bundle.card.network.top_level
    weights = {
        name: value
        for name, value in bundle.generator.state_dict().items()
        if not name.startswith("exits.") or name.startswith(f"exits.{top}.")
    }
    return Beginning(bundle.card.pinned_name, bundle.card.network, weights, weights, {})


def of_run(folder: Path) -> Beginning:
    """All three networks of its newest checkpoint.

    Raises:
        CheckpointError: it has none that is whole.
        ConfigError: its top level is asleep or fades in.
    """
    state = load_run(folder)
    network, growth = state.config.network, state.schedule.growth
    if growth != Growth(network.top_level):
        raise ConfigError(
            f"{folder} stands at {growth.resolution} px, alpha {growth.alpha:.2f}: a run can be "
            f"begun with it when its top level of {network.resolution} px has faded in"
        )
    record = checkpoint_at(folder / CHECKPOINTS, state.progress.images_shown)
    digest = file_sha256(record.with_suffix(".safetensors"))
    state = state.state
    networks = (state.generator, state.average, state.discriminator)
    return Beginning(
        f"{folder.resolve().name}@{digest}", network, *(each.state_dict() for each in networks)
    )


def follow(config: TrainingConfig, beginning: Beginning) -> TrainingConfig:
    """The configuration of a run that begins so.

    Latent and feature maps are those of the beginning. The levels below its top are skipped. That
    one is held from the start, so that a new discriminator learns before anything fades in; it is
    skipped, too, where the discriminator has come along and there is a higher one.

    Raises:
        ConfigError: the beginning does not fit.
    """
    theirs, ours, name = beginning.network, config.network, beginning.name.partition("@")[0]
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
    return replace(config, network=network, levels=levels, init_from=beginning.name)


def follow_again(config: TrainingConfig, recorded: TrainingConfig) -> TrainingConfig:
    """The configuration of a run that began so, as its own folder tells it.

    Raises:
        ConfigError: its shapes cannot be those of the network that is asked for.
    """
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


def shaped_as(theirs: NetworkConfig, ours: NetworkConfig, name: str) -> NetworkConfig:
    """Our network with their latent and feature maps.

    Raises:
        ConfigError: they leave no feature map at our resolution.
    """
    shapes = {key: getattr(theirs, key) for key in ("latent_size", "fmap_base", "fmap_max")}
    try:
        return replace(ours, **shapes)
    except ValueError as error:
        raise ConfigError(f"{name} cannot grow to {ours.resolution} px: {error}") from error


def begin_with(state: TrainingState, beginning: Beginning) -> None:
    """Put its weights into the players; what it lacks stays as drawn.

    Raises:
        ConfigError: a weight has no place.
    """
    _take_over(state.generator, beginning.generator)
    _take_over(state.average, beginning.average)
    _take_over(state.discriminator, beginning.discriminator)


@torch.no_grad()
def _take_over(network: nn.Module, weights: Weights) -> None:
    parameters = dict(network.named_parameters())
    for name, value in weights.items():
        parameter = parameters.get(name)
        if parameter is None or parameter.shape != value.shape:
            raise ConfigError(
                f"{name} of what the run shall begin with, of shape {tuple(value.shape)}, has no "
                "place in it: the exit at the top of a bundle must be the one it was trained with, "
                "and `labels` must be those of the run"
            )
        parameter.copy_(value)
