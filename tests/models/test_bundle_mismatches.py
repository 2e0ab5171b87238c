"""Bundles whose card and weights do not fit each other, or this release, are refused."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from models.bundle import BundleError, load_bundle
from tests.models.bundle_files import change_card, change_weights, weights_of


def test_an_unknown_weight_is_refused(folder: Path) -> None:
    """The message names it."""
    change_weights(folder, {**weights_of(folder), "levels.9.up.weight": torch.zeros(1)})

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*levels\.9\.up\.weight"):
        load_bundle(folder)


def test_a_missing_weight_is_refused(folder: Path) -> None:
    """The message names it."""
    tensors = weights_of(folder)
    del tensors["stem.dense.bias"]
    change_weights(folder, tensors)

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*stem\.dense\.bias"):
        load_bundle(folder)


def test_a_weight_of_the_wrong_shape_is_refused(folder: Path) -> None:
    """Here the card says another width for an exit than the file has."""
    exits: list[dict[str, Any]] = json.loads((folder / "card.json").read_text())["exits"]
    exits[0]["kernels"] = [3]
    change_card(folder, exits=exits)

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*exits\.0\.weight"):
        load_bundle(folder)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_weight_that_is_no_finite_number_is_refused(folder: Path, number: float) -> None:
    """Of a run that diverged; also one that no golden seed reaches, such as a centre of styles."""
    tensors = weights_of(folder)
    name = min(tensors)
    tensors[name].view(-1)[-1] = number
    change_weights(folder, tensors)

    with pytest.raises(BundleError, match=f"{name} has numbers that are not finite"):
        load_bundle(folder)


def test_an_unknown_key_of_the_card_is_refused(folder: Path) -> None:
    """The message names file and key."""
    change_card(folder, colour="blue")

    with pytest.raises(BundleError, match=r"card\.json: the card does not fit: colour: unknown"):
        load_bundle(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    """The message says what this release reads and what to do."""
    change_card(folder, format_version=3)

    with pytest.raises(BundleError, match="format version 3, this release reads 1 to 2: use the"):
        load_bundle(folder)


def test_an_unknown_family_is_refused(folder: Path) -> None:
    """The message lists the known ones."""
    change_card(folder, family="vae")

    with pytest.raises(
        BundleError,
        match=r"'vae' is unknown \(known: biggan, cyclegan, dcgan, progan, stargan, stylegan\)",
    ):
        load_bundle(folder)


@pytest.mark.parametrize("kernel", ["3", 3.0, 2, -1, None])
def test_an_exit_that_cannot_be_built_is_refused(folder: Path, kernel: object) -> None:
    """As a bundle that does not fit, not as a crash of the reader."""
    exits = json.loads((folder / "card.json").read_text())["exits"]
    exits[0]["kernels"] = [kernel]
    change_card(folder, exits=exits)

    with pytest.raises(BundleError, match=r"card\.json: the card does not fit: exits\.0"):
        load_bundle(folder)


def test_a_card_that_asks_for_more_memory_than_there_is_is_refused(folder: Path) -> None:
    """By the shapes of the weights, before the memory is taken: here 2^20 * 2^21 numbers."""
    network = json.loads((folder / "card.json").read_text())["network"]
    change_card(folder, network={**network, "latent_size": 2**20, "fmap_base": 2**20})

    with pytest.raises(BundleError, match=r"does not fit its card: [\s\S]*size mismatch"):
        load_bundle(folder)


def test_a_card_names_the_family_of_its_network(folder: Path) -> None:
    """A network of another family would be built from the wrong shapes."""
    change_card(folder, family="vae")

    with pytest.raises(BundleError, match="generator family 'vae' is unknown"):
        load_bundle(folder)


def test_a_progressive_gan_has_no_box_filters(folder: Path) -> None:
    """They are for families whose exits are not fitted."""
    exits = json.loads((folder / "card.json").read_text())["exits"]
    change_card(folder, exits=[{**exits[0], "kernels": [], "hidden": []}, *exits[1:]])

    with pytest.raises(BundleError, match="convolutions, not box filters"):
        load_bundle(folder)
