"""Transfer: a run that begins with the generator of a bundle instead of random weights.

Owns what is taken over: the shapes, every weight up to the bundle's top level, and the exit there.
The exits below it were made for serving and are not taken; nor is a discriminator, which a bundle
does not have. Knows no schedule but that the levels the bundle knows are skipped.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from models.bundle import Bundle
from models.card import Card
from training.config import ConfigError, TrainingConfig
from training.step import Players


def follow(config: TrainingConfig, card: Card) -> TrainingConfig:
    """The configuration of a run that begins with the bundle of `card`.

    Latent and feature maps are the bundle's. The levels below its top are skipped; that one is held
    from the start, so that the new discriminator learns before anything fades in.

    Raises:
        ConfigError: the bundle does not fit.
    """
    theirs, ours = card.network, config.network
    if theirs.resolution > ours.resolution:
        raise ConfigError(
            f"{card.name} has {theirs.resolution} px, the preset {config.preset} ends at "
            f"{ours.resolution} px: choose a preset of {theirs.resolution} px or more"
        )
    if theirs.base != ours.base:
        raise ConfigError(
            f"{card.name} draws pictures of shape {theirs.base_height}x{theirs.base_width} (height "
            f"x width), this run {ours.base_height}x{ours.base_width}: prepare the pictures with "
            f"--shape {theirs.base_height}x{theirs.base_width}"
        )
    if (theirs.channels, theirs.classes) != (ours.channels, ours.classes):
        raise ConfigError(
            f"{card.name} draws {theirs.channels} channels in {theirs.classes} classes, this run "
            f"{ours.channels} in {ours.classes}: choose pictures, network.channels and labels that "
            "agree with the bundle"
        )
    shapes = {name: getattr(theirs, name) for name in ("latent_size", "fmap_base", "fmap_max")}
    try:
        network = replace(ours, **shapes)
    except ValueError as error:
        raise ConfigError(f"{card.name} cannot grow to {ours.resolution} px: {error}") from error
    skipped = [replace(p, fade_images=0, stable_images=0) for p in config.levels]
    first = replace(config.levels[theirs.top_level], fade_images=0)
    levels = (*skipped[: theirs.top_level], first, *config.levels[theirs.top_level + 1 :])
    return replace(config, network=network, levels=levels, init_from=card.pinned_name)


def begin_with(players: Players, bundle: Bundle) -> None:
    """Put the weights of the bundle into generator and average; what it lacks stays as drawn."""
    top = bundle.card.network.top_level
    weights = {
        name: value
        for name, value in bundle.generator.state_dict().items()
        if not name.startswith("exits.") or name.startswith(f"exits.{top}.")
    }
    for generator in (players.generator, players.average):
        _take_over(generator, weights)


@torch.no_grad()
def _take_over(generator: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    parameters = dict(generator.named_parameters())
    for name, value in weights.items():
        parameter = parameters.get(name)
        if parameter is None or parameter.shape != value.shape:
            raise ConfigError(
                f"{name} of the bundle, of shape {tuple(value.shape)}, has no place in this run: "
                "the exit at the top must be the one the bundle was trained with"
            )
        parameter.copy_(value)
