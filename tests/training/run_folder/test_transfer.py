"""Transfer: what a run takes from a bundle, and where its schedule then begins."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from models.bundle import Bundle, load_bundle, save_bundle
from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from tests.conftest import make_card, write_bundle
from tests.training.conftest import train_a_run
from tests.training.settings import with_values
from training.config.config import CONFIG_FILE, ConfigError, LevelPlan, TrainingConfig
from training.config.overrides import with_settings
from training.config.presets import PRESETS
from training.data.stream import Prepared
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.rendering import render
from training.run.display import Display
from training.run.loop import train
from training.run_folder.beginning import Beginning, of_bundle, read_beginning
from training.run_folder.loaded import load_run
from training.run_folder.resume import keep_config
from training.run_folder.transfer import begin_with, beginning_with, follow, follow_again

CPU = torch.device("cpu")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """8 px in colour, of other shapes than the presets of the tests."""
    shapes = ProganConfig(8, latent_size=12, fmap_base=64, fmap_max=16)
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
    config = follow(larger, of_bundle(bundle))

    assert config.network == ProganConfig(16, latent_size=12, fmap_base=64, fmap_max=16)
    assert config.init_from == bundle.card.pinned_name
    assert schedule_at(0, config).growth == schedule_at(23, config).growth == Growth(1)
    assert schedule_at(24, config).growth == Growth(2, 0.0)
    assert config.total_images == 24 + 28
    assert TrainingConfig.from_json(config.to_json()) == config


def test_the_stem_is_of_the_kind_that_the_bundle_has(
    larger: TrainingConfig, tmp_path: Path
) -> None:
    """An imported network may have no PixelNorm in it; a resumed run keeps that."""
    network = ProganConfig(8, latent_size=12, fmap_base=64, fmap_max=16, stem_norm=False)
    imported = load_bundle(write_bundle(tmp_path, "imported-8", network))

    config = follow(larger, of_bundle(imported))

    assert not config.network.stem_norm
    assert not follow_again(larger, config).network.stem_norm


def test_new_levels_may_be_wider_than_those_of_the_bundle(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """As far as its own levels stay as they are."""
    beginning = of_bundle(bundle)

    network = replace(larger.network, fmap_max=16, fmap_min=16)
    config = follow(replace(larger, network=network), beginning)

    widths = [config.network.feature_maps(level) for level in range(3)]
    assert widths == [16, 16, 16]
    begin_with(TrainingState.create(config, CPU), beginning)


def test_a_run_begins_with_the_pictures_of_the_bundle(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """Of its top level, by generator and average; and at alpha 0 of the next one, larger."""
    state = TrainingState.create(follow(larger, of_bundle(bundle)), CPU)
    begin_with(state, of_bundle(bundle))
    expected = render(bundle.generator, range(4), Growth(1))

    for generator in (state.generator, state.average):
        assert np.array_equal(render(generator, range(4), Growth(1)), expected)
        faded = render(generator, range(4), Growth(2, 0.0))
        assert np.array_equal(faded, expected.repeat(2, axis=1).repeat(2, axis=2))


def test_what_the_bundle_has_not_stays_as_it_was_drawn(
    larger: TrainingConfig, bundle: Bundle
) -> None:
    """The new level, the exits below its top, and the discriminator."""
    config = follow(larger, of_bundle(bundle))
    state, fresh = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    begin_with(state, of_bundle(bundle))

    drawn = dict(fresh.generator.named_parameters())
    same = {k for k, v in state.generator.named_parameters() if torch.equal(v, drawn[k])}
    weights = {name for name in same if name.endswith("weight")}
    assert weights == {
        *("levels.1.up.weight", "levels.1.conv.weight", "exits.0.weight", "exits.2.weight"),
    }
    for one, other in zip(
        state.discriminator.parameters(), fresh.discriminator.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_bundle_with_another_exit_at_its_top_is_refused(
    larger: TrainingConfig, tmp_path: Path
) -> None:
    """Such as a deep one, which no training has."""
    shapes = (ExitShape(), ExitShape((1, 1), (4,)))
    generator = Generator(ProganConfig(8, latent_size=12, fmap_base=64, fmap_max=16), shapes)
    save_bundle(tmp_path, generator, make_card(generator, "deep-8", ()), b"")
    bundle = load_bundle(tmp_path)
    state = TrainingState.create(follow(larger, of_bundle(bundle)), CPU)

    with pytest.raises(ConfigError, match=r"exits\.1\.0\.weight of what .*, of shape .* no place"):
        begin_with(state, of_bundle(bundle))


def test_crops_agree_with_a_picture_that_the_source_has_learned(tmp_path: Path) -> None:
    """A bundle has only fitted exits below its top, which a run does not begin with."""
    shapes = ProganConfig(32, latent_size=8, fmap_base=64, fmap_max=8)
    own, fitted = (
        of_bundle(
            load_bundle(write_bundle(tmp_path / str(size), "old", replace(shapes, resolution=size)))
        )
        for size in (16, 32)
    )
    levels = tuple(LevelPlan(size, 0, 8, 4) for size in (4, 8, 16))
    crops = LevelPlan(32, 0, 8, 4, crop=16, consistency=1.0)
    config = TrainingConfig(preset="crops", network=shapes, levels=(*levels, crops))

    assert follow(config, own).levels[-1] == crops
    assert follow(config, replace(fitted, learned=own.learned)).levels[-1] == crops
    with pytest.raises(ConfigError, match=r"picture of 16 px, .*'levels\.\*\.consistency=0'"):
        follow(config, fitted)
    without = with_settings(config, {"levels.32.consistency": 0.0})
    assert follow(without, fitted).levels[-1] == replace(crops, consistency=0.0)


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
    change: Callable[[FamilyConfig], FamilyConfig],
    message: str,
) -> None:
    """Other colours or classes leave too little to begin with."""
    network = change(larger.network)
    other = with_values(larger, network=network, labels="projection")

    with pytest.raises(ConfigError, match=message):
        follow(other, of_bundle(bundle))


def test_a_run_that_began_with_a_larger_bundle_goes_on(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """By the same command; it reads no weights of the bundle again."""
    folder = write_bundle(tmp_path)
    ours, beginning = beginning_with(config, tmp_path / "run", folder)
    display = Display(ours.total_images, Console(quiet=True))
    train(ours, prepared, tmp_path / "run", CPU, display, beginning=beginning)

    assert beginning_with(config, tmp_path / "run", folder) == (ours, None)


def test_a_run_larger_than_the_new_one_is_refused(config: TrainingConfig) -> None:
    """Its discriminator has seen no pictures of the lower resolution for a long time."""
    network = replace(config.network, resolution=32)
    beginning = Beginning("large@1", network, {}, {}, {"some": torch.zeros(1)})

    with pytest.raises(ConfigError, match="large has 32 px, the preset tiny ends at 8 px"):
        follow(config, beginning)


def test_a_bundle_of_another_shape_does_not_fit(larger: TrainingConfig, tmp_path: Path) -> None:
    """Its stem could not be taken over; the message says how to prepare the pictures."""
    shapes = ProganConfig(8, latent_size=12, fmap_base=64, fmap_max=16, base_width=6)
    wide = load_bundle(write_bundle(tmp_path, "wide-8", shapes))

    with pytest.raises(ConfigError, match=r"shape 4x6 .*, this run 4x4: .* --shape 4x6"):
        follow(larger, of_bundle(wide))


# ----------------------------------------------------------------------------------------
# Another run


@pytest.fixture(scope="module")
def finished(
    config: TrainingConfig, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run to 8 px, from its first to its last image."""
    return train_a_run(config, prepared, tmp_path_factory.mktemp("runs") / "finished")


def test_a_larger_run_begins_with_the_fade_of_its_first_new_level(
    larger: TrainingConfig, finished: Path
) -> None:
    """Both networks know the others already."""
    config = follow(larger, beginning := read_beginning(finished))

    assert config.init_from == beginning.name
    assert re.fullmatch(r".+@[0-9a-f]{64}", beginning.name)
    assert schedule_at(0, config).growth == Growth(2, 0.0)
    assert config.total_images == 28


def test_a_run_of_the_same_size_holds_its_top_level(config: TrainingConfig, finished: Path) -> None:
    """For other pictures, or a lower learning rate."""
    again = follow(config, read_beginning(finished))

    assert schedule_at(0, again).growth == schedule_at(23, again).growth == Growth(1)
    assert again.total_images == 24


def test_a_run_that_goes_on_follows_what_it_wrote_down(
    larger: TrainingConfig, config: TrainingConfig, finished: Path, bundle: Bundle
) -> None:
    """As it followed what it began with, whether or not both networks came along."""
    for asked, beginning in (
        (larger, read_beginning(finished)),
        (config, read_beginning(finished)),
        (larger, of_bundle(bundle)),
    ):
        recorded = follow(asked, beginning)
        longer = (*asked.levels[:-1], replace(asked.levels[-1], stable_images=99))

        assert follow_again(asked, recorded) == recorded
        again = follow_again(replace(asked, levels=longer), recorded)
        assert again == follow(replace(asked, levels=longer), beginning)


def test_a_run_does_not_go_on_as_one_of_another_family_or_size(
    larger: TrainingConfig, config: TrainingConfig, dcgan: TrainingConfig, tmp_path: Path
) -> None:
    """It is told what differs, as a run that began with random weights is."""
    recorded = replace(larger, init_from="old@1")
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "checkpoint-000000000016.json").write_text("{}")
    (tmp_path / CONFIG_FILE).write_text(recorded.to_json())

    for asked in (dcgan, config):
        again, beginning = beginning_with(asked, tmp_path, tmp_path / "old")
        assert beginning is None
        with pytest.raises(ConfigError, match="was begun with other values of .*network, levels"):
            keep_config(tmp_path, again)


def test_every_weight_of_a_run_is_taken_over(larger: TrainingConfig, finished: Path) -> None:
    """Of both players and the average; they score and draw as before."""
    beginning, before = read_beginning(finished), load_run(finished).state
    state = TrainingState.create(follow(larger, beginning), CPU)
    begin_with(state, beginning)
    images = torch.from_numpy(np.linspace(-1, 1, 4 * 3 * 64, dtype=np.float32)).view(4, 3, 8, 8)

    for name in ("generator", "average"):
        old, new = (getattr(each, name) for each in (before, state))
        assert np.array_equal(render(new, [1], Growth(1)), render(old, [1], Growth(1)))
    scores = [each.discriminator(images, Growth(1)) for each in (before, state)]
    assert torch.equal(*scores)
    assert not torch.equal(
        state.generator.state_dict()["stem.dense.weight"],
        state.average.state_dict()["stem.dense.weight"],
    )


def test_a_run_with_another_head_has_no_place(
    conditional: TrainingConfig, labelled: Prepared, tmp_path: Path
) -> None:
    """Projection and AC-GAN keep classes in other weights."""
    train_a_run(conditional, labelled, tmp_path / "run")
    beginning = read_beginning(tmp_path / "run")
    state = TrainingState.create(follow(with_values(conditional, labels="acgan"), beginning), CPU)

    with pytest.raises(ConfigError, match=r"head\.projection\.weight of .* no place .* `labels`"):
        begin_with(state, beginning)


# ----------------------------------------------------------------------------------------
# A network that does not grow


@pytest.fixture
def dcgan() -> TrainingConfig:
    """A tiny one of 16 px."""
    network = DcganConfig(16, 3, 8, generator_maps=4, discriminator_maps=4)
    levels = (*(LevelPlan(r, 0, 0, 4) for r in (4, 8)), LevelPlan(16, 0, 8, 4))
    return replace(PRESETS["dcgan-32"], network=network, levels=levels)


def test_statistics_are_taken_over_like_weights(dcgan: TrainingConfig) -> None:
    """Whole numbers, too."""
    theirs, ours = (TrainingState.create(replace(dcgan, seed=n), CPU) for n in (1, 2))
    theirs.average.get_buffer("blocks.0.norm.running_mean").fill_(3.0)
    theirs.average.get_buffer("blocks.0.norm.num_batches_tracked").fill_(5)
    networks = (theirs.generator, theirs.average, theirs.discriminator)
    beginning = Beginning("old@1", dcgan.network, *(each.state_dict() for each in networks))

    begin_with(ours, beginning)

    assert follow(dcgan, beginning).init_from == "old@1"
    for network, other in zip(
        (ours.generator, ours.average, ours.discriminator), networks, strict=True
    ):
        state = other.state_dict()
        assert all(torch.equal(value, state[k]) for k, value in network.state_dict().items())


def test_another_size_or_family_is_no_beginning(
    dcgan: TrainingConfig, larger: TrainingConfig
) -> None:
    """A DCGAN of 32 px has other layers from the first one on."""
    smaller = Beginning("old@1", DcganConfig(8), {}, {}, {})

    with pytest.raises(ConfigError, match="the family dcgan does not grow: choose a preset of 8"):
        follow(dcgan, smaller)
    with pytest.raises(ConfigError, match="is of the family dcgan, the preset .* of progan"):
        follow(larger, smaller)
