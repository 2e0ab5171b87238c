"""Transfer: initial weights of a run from a bundle or from another run.

Owns the choice of what is copied: the shapes, and every weight up to the top level of the source. A
bundle provides its generator with the exit at its top; its lower exits were made for serving. One
that is larger than the run is `lowered` first. A run provides both networks and the averaged
generator, but not Adam's moments. Knows of the schedule only that the levels of the source are
skipped. A run with a checkpoint no longer needs the source, only its name: the source may have been
trained further, or deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from models.bundle import Bundle, BundleError, load_bundle, load_card
from models.families.config import FamilyConfig
from models.families.progan.generator import Generator
from models.families.table import offer_of
from models.growth import Growth
from models.layout import file_sha256
from models.resolution import MAX_RESOLUTION
from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.game.state import TrainingState
from training.run_folder.checkpoint import CHECKPOINTS, checkpoint_at
from training.run_folder.loaded import load_run
from training.run_folder.lowered import lowered
from training.run_folder.resume import newest_images_shown, read_config

Weights = Mapping[str, Tensor]

# Fields of a network that the new run decides, or that both must agree in.
AGREED = {
    *("family", "resolution", "channels", "classes", "base_height", "base_width", "tiling"),
    *("fmap_min", "psi_steps"),
}


@dataclass(frozen=True)
class Beginning:
    """Source of the initial weights of a run.

    Attributes:
        name: of the bundle or run, with the digest of its weights: `name@digest`.
        network: shapes of its generator.
        generator: weights by name, as in the next two.
        average: weights of the averaged generator.
        discriminator: weights of the discriminator; empty for a bundle.
    """

    name: str
    network: FamilyConfig
    generator: Weights = field(repr=False)
    average: Weights = field(repr=False)
    discriminator: Weights = field(repr=False)


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


def names_of(path: Path) -> set[str]:
    """Names of the source at `path`: of its folder, and of its card if there is one."""
    names = {path.resolve().name}
    with suppress(BundleError):
        names.add(load_card(path).name)
    return names


def read_beginning(path: Path, resolution: int = MAX_RESOLUTION) -> Beginning:
    """Read a bundle up to `resolution`, or the newest checkpoint of a run.

    Raises:
        BundleError: `path` is neither a whole bundle nor a run.
        CheckpointError: the run has no whole checkpoint.
        ConfigError: the run has not finished growing, or its configuration cannot be read.
    """
    if (path / CONFIG_FILE).is_file():
        return of_run(path)
    return of_bundle(load_bundle(path), resolution)


def of_bundle(bundle: Bundle, resolution: int = MAX_RESOLUTION) -> Beginning:
    """Weights of a bundle: its generator, also for the averaged generator.

    Of a Progressive GAN the levels above `resolution` are left out.
    """
    generator = bundle.generator
    if isinstance(generator, Generator) and generator.config.resolution > resolution:
        generator = lowered(generator, resolution)
    network, top = generator.config, generator.config.top_level
    weights = {
        name: value
        for name, value in generator.state_dict().items()
        if not name.startswith(("exits.", "truncated_")) or name.startswith(f"exits.{top}.")
    }
    return Beginning(bundle.card.pinned_name, network, weights, weights, {})


def of_run(folder: Path) -> Beginning:
    """Weights of a run: the three networks of its newest whole checkpoint.

    Raises:
        CheckpointError: the run has no whole checkpoint.
        ConfigError: its top level is inactive or fading in.
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
