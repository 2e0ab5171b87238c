"""Transfer: what a run takes from a bundle, and where its schedule then begins."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bundle import Bundle, load_bundle, save_bundle
from models.config import ExitShape, NetworkConfig
from models.generator import Generator
from models.growth import Growth
from tests.conftest import make_card, write_bundle
from training.config import ConfigError, LevelPlan, TrainingConfig
from training.samples import render
from training.schedule import schedule_at
from training.step import Players
from training.transfer import begin_with, follow

CPU = torch.device("cpu")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """8 px in colour, of other shapes than the presets of the tests."""
    shapes = NetworkConfig(8, latent_size=12, fmap_base=64, fmap_max=16)
    return load_bundle(write_bundle(tmp_path, "old-8", shapes))


@pytest.fixture
def larger(config: TrainingConfig) -> TrainingConfig:
    """A run to 16 px."""
    network = replace(config.network, resolution=16)
    return replace(config, network=network, levels=(*config.levels, LevelPlan(16, 20, 8, 4)))


def test_the_shapes_are_the_bundles_and_the_levels_it_knows_are_skipped(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """Its top level is held from the first image, then the next fades in."""
    config = follow(larger, bundle.card)

    assert config.network == NetworkConfig(16, latent_size=12, fmap_base=64, fmap_max=16)
    assert config.init_from == bundle.card.pinned_name
    assert schedule_at(0, config).growth == schedule_at(23, config).growth == Growth(1)
    assert schedule_at(24, config).growth == Growth(2, 0.0)
    assert config.total_images == 24 + 28
    assert TrainingConfig.from_json(config.to_json()) == config


def test_a_run_begins_with_the_pictures_of_the_bundle(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """Of its top level, by generator and average; and at alpha 0 of the next one, larger."""
    players = Players.create(follow(larger, bundle.card), CPU)
    begin_with(players, bundle)
    expected = render(bundle.generator, range(4), Growth(1))

    for generator in (players.generator, players.average):
        assert np.array_equal(render(generator, range(4), Growth(1)), expected)
        faded = render(generator, range(4), Growth(2, 0.0))
        assert np.array_equal(faded, expected.repeat(2, axis=1).repeat(2, axis=2))


def test_what_the_bundle_has_not_stays_as_it_was_drawn(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """The new level, the exits below its top, and the discriminator."""
    config = follow(larger, bundle.card)
    players, fresh = Players.create(config, CPU), Players.create(config, CPU)
    begin_with(players, bundle)

    drawn = dict(fresh.generator.named_parameters())
    same = {k for k, v in players.generator.named_parameters() if torch.equal(v, drawn[k])}
    weights = {name for name in same if name.endswith("weight")}
    assert weights == {
        *("levels.1.up.weight", "levels.1.conv.weight", "exits.0.weight", "exits.2.weight"),
    }
    for one, other in zip(
        players.discriminator.parameters(), fresh.discriminator.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_bundle_with_another_exit_at_its_top_is_refused(
    larger: TrainingConfig, tmp_path: Path
) -> None:
    """Such as a deep one, which no training has."""
    shapes = (ExitShape(), ExitShape((1, 1), (4,)))
    generator = Generator(NetworkConfig(8, latent_size=12, fmap_base=64, fmap_max=16), shapes)
    save_bundle(tmp_path, generator, make_card(generator, "deep-8", ()), b"")
    bundle = load_bundle(tmp_path)
    players = Players.create(follow(larger, bundle.card), CPU)

    with pytest.raises(
        ConfigError, match=r"exits\.1\.0\.weight of the bundle, of shape .* no place"
    ):
        begin_with(players, bundle)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: replace(n, channels=1), "draws 3 channels in 0 classes, this run 1 in 0"),
        (lambda n: replace(n, classes=2), "draws 3 channels in 0 classes, this run 3 in 2"),
    ],
)
def test_a_bundle_of_another_kind_is_refused(
    larger: TrainingConfig,
    bundle: Bundle,
    change: Callable[[NetworkConfig], NetworkConfig],
    message: str,
) -> None:
    """Other colours or classes leave too little to begin with."""
    network = change(larger.network)
    other = replace(larger, network=network, labels="projection")

    with pytest.raises(ConfigError, match=message):
        follow(other, bundle.card)


def test_a_bundle_larger_than_the_run_is_refused(config: TrainingConfig, tmp_path: Path) -> None:
    """Its upper levels would be lost."""
    card = load_bundle(write_bundle(tmp_path)).card

    with pytest.raises(ConfigError, match="tiny-32 has 32 px, the preset tiny ends at 8 px"):
        follow(config, card)


def test_a_bundle_of_another_shape_does_not_fit(larger: TrainingConfig, tmp_path: Path) -> None:
    """Its stem could not be taken over; the message says how to prepare the pictures."""
    shapes = NetworkConfig(8, latent_size=12, fmap_base=64, fmap_max=16, base_width=6)
    wide = load_bundle(write_bundle(tmp_path, "wide-8", shapes))

    with pytest.raises(ConfigError, match=r"shape 4x6 .*, this run 4x4: .* --shape 4x6"):
        follow(larger, wide.card)
