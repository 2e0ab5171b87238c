"""Exits of an existing bundle, for another bundle of the same network.

Fitting takes minutes. It is not repeated when only the card changes: for example if a title is
wrong, or if the quality of a run was measured after its export.
Owns the check that the exits belong to the network. Fits nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch

from models.bundle import load_bundle
from models.card import Card
from models.families.progan.generator import Generator
from training.exits.distillation_data import ExitError
from training.exits.fitting import FittedExit


def reuse_exits(folder: Path, generator: Generator) -> tuple[list[FittedExit], Card]:
    """Load the exits of the bundle in `folder`, and its card.

    Args:
        folder: of a bundle that was exported from the weights of `generator`.
        generator: with the exits it was trained with; it is not changed.

    Raises:
        ExitError: the bundle has other weights or another configuration, so its exits do not fit.
        BundleError: there is no bundle, or it is damaged.
    """
    bundle = load_bundle(folder)
    old = bundle.generator
    if not isinstance(old, Generator) or not same_path(old, generator):
        raise ExitError(
            f"{folder} was exported from other weights than these, so its exits do not fit them. "
            "Export without --keep-exits to fit new ones"
        )
    modules = old.exits
    exits = [FittedExit(*pair) for pair in zip(modules, bundle.card.exits, strict=True)]
    return exits, bundle.card


def same_path(one: Generator, other: Generator) -> bool:
    """True if configuration and weights are equal to the bit, except exits below the top level."""
    top = f"exits.{one.config.top_level}."
    if one.config != other.config:
        return False
    here, there = one.state_dict(), other.state_dict()
    names = [k for k in here if k.startswith(top) or not k.startswith("exits.")]
    return all(k in there and torch.equal(here[k], there[k].cpu()) for k in names)
