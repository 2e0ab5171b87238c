"""Directions of latents in a bundle: saved beside the weights, and refused if they do not fit."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.bundle import BundleError, load_bundle, load_card, save_bundle
from models.direction import Direction
from models.families.progan.generator import Generator


def directed(folder: Path, generator: Generator, vectors: torch.Tensor) -> Path:
    """The bundle with two directions, whose vectors may not fit them."""
    out = folder / "directed"
    out.mkdir()
    entries = tuple(Direction(f"pca-{n}", "by hand", 0.1) for n in (1, 2))
    save_bundle(out, generator, replace(load_card(folder), directions=entries), b"", vectors)
    return out


def test_directions_are_in_the_file_of_the_weights(folder: Path, generator: Generator) -> None:
    """So the digest of the model is another; the network is the same."""
    vectors = torch.randn(2, generator.config.direction_size)
    bundle = load_bundle(directed(folder, generator, vectors))

    assert bundle.directions is not None
    assert bundle.directions.names == ("pca-1", "pca-2")
    assert torch.equal(bundle.directions.vectors, vectors)
    assert bundle.card.weights_sha256 != load_bundle(folder).card.weights_sha256
    for name, weight in bundle.generator.state_dict().items():
        assert torch.equal(weight, generator.state_dict()[name])


def test_a_bundle_without_directions_has_none(folder: Path) -> None:
    """As every bundle from before there were any."""
    assert load_bundle(folder).directions is None


@pytest.mark.parametrize("shape", [(1, 0), (2, 1), (3, 0)])
def test_directions_of_another_shape_are_refused(
    folder: Path, generator: Generator, shape: tuple[int, int]
) -> None:
    """Another number of them, or of their numbers."""
    rows, more = shape
    vectors = torch.zeros(rows, generator.config.direction_size + more)

    with pytest.raises(BundleError, match="directions: a tensor of float32 with the shape"):
        load_bundle(directed(folder, generator, vectors))


def test_directions_that_the_card_does_not_list_are_refused(
    folder: Path, generator: Generator
) -> None:
    """They would change the digest and do nothing."""
    out = folder / "unlisted"
    out.mkdir()
    vectors = torch.zeros(2, generator.config.direction_size)
    save_bundle(out, generator, load_card(folder), b"", vectors)

    with pytest.raises(BundleError, match="directions"):
        load_bundle(out)
