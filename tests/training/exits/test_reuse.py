"""Exits of a bundle that serve another of the same network, and no other."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.bundle import BundleError, save_bundle
from models.card import Card, Data
from models.families.progan.generator import Generator
from training.exits.distillation_data import ExitError
from training.exits.fitting import fit_exits, with_exits
from training.exits.reuse import reuse_exits


@pytest.fixture
def exported(generator: Generator, tmp_path: Path) -> Path:
    """A bundle of the generator, its exits deep but at the top."""
    exits = fit_exits(generator, seed=0, steps=2)
    card = Card(
        *("noise", "Noise", "", "CC0-1.0", generator.config),
        exits=tuple(exit_.card_entry for exit_ in exits),
        data=Data("noise", "CC0-1.0", "nobody", 1),
        weights_sha256="",
        golden=(),
        training={"exit_steps": 2},
    )
    save_bundle(tmp_path, with_exits(generator, exits), card, b"")
    return tmp_path


def test_kept_exits_are_those_of_the_bundle(generator: Generator, exported: Path) -> None:
    """What the card tells of them, and their weights, bit by bit."""
    fitted = fit_exits(generator, seed=0, steps=2)

    kept, card = reuse_exits(exported, generator)

    assert [exit_.card_entry for exit_ in kept] == [exit_.card_entry for exit_ in fitted]
    assert card.training == {"exit_steps": 2}
    again, before = with_exits(generator, kept), with_exits(generator, fitted)
    for name, value in before.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


@pytest.mark.parametrize("name", ["stem.dense.weight", "levels.1.conv.bias", "exits.2.weight"])
def test_exits_of_other_weights_are_refused(
    generator: Generator, exported: Path, name: str
) -> None:
    """One number of the path or of the top exit is enough."""
    generator.state_dict()[name].view(-1)[0] += 1e-6

    with pytest.raises(ExitError, match="other weights than these.*without --keep-exits"):
        reuse_exits(exported, generator)


def test_stale_exits_below_the_top_do_not_matter(generator: Generator, exported: Path) -> None:
    """They are what is replaced."""
    generator.state_dict()["exits.0.weight"].zero_()

    kept, _ = reuse_exits(exported, generator)

    assert len(kept) == 3


def test_exits_of_another_shape_are_refused(generator: Generator, exported: Path) -> None:
    """Before any weight is compared."""
    wider = Generator(replace(generator.config, latent_size=9))

    with pytest.raises(ExitError, match="other weights than these"):
        reuse_exits(exported, wider)


def test_no_bundle_has_no_exits(generator: Generator, tmp_path: Path) -> None:
    """The message says what is missing."""
    with pytest.raises(BundleError, match=r"is not a bundle: it has no card\.json"):
        reuse_exits(tmp_path, generator)
