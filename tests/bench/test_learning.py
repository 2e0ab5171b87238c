"""What the training bench is made of: settings of equal width, rounds, shares, times to a value."""

from __future__ import annotations

import importlib
import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

import training.game.step
import training.run.recorder
from bench.learning.growing import (
    FULL,
    PROGRESSIVE,
    Course,
    Gain,
    configs,
    lines_of,
    play,
    require_same_pictures,
    run_in,
)
from bench.learning.noise import write_noise
from bench.learning.peer import REQUIREMENT, install, standing_in
from bench.learning.reaching import seconds_to, times_faster
from bench.learning.rounds import our_step, race, rows_of, their_step
from bench.learning.settings import (
    biases_more,
    default_game,
    full_size,
    other_precision,
    peer_parameters,
    same_loss,
    up_to,
)
from bench.learning.shares import (
    DATA,
    NETWORKS,
    Stopwatch,
    outside,
    shares,
    shares_of_a_run,
    timing,
)
from bench.rivals.networks import WIDTHS
from models.families.progan.config import ProganConfig
from models.families.progan.discriminator import Discriminator
from models.families.progan.generator import Generator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan, PenaltyConfig
from training.config.presets import PRESETS
from training.game.schedule import schedule_at
from training.run_folder.journal import append_line
from training.run_folder.precision import precision_for

TINY = ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8)
FADING = TrainingConfig(
    preset="tiny",
    network=TINY,
    levels=(LevelPlan(4, 0, 8, 4), LevelPlan(8, 8, 16, 4)),
    penalty=PenaltyConfig(share=0.25),
    tick_images=100,  # so ticks come at the ends of phases alone
)


# ----------------------------------------------------------------------------------------
# Settings of equal width


@pytest.mark.parametrize(
    "network", [TINY, WIDTHS, ProganConfig(32, 1, latent_size=64, fmap_base=512, fmap_max=64)]
)
def test_our_networks_have_the_weights_of_the_peers_but_for_biases_of_the_first_layer(
    network: ProganConfig,
) -> None:
    """Counted by the peer's formula, and in our modules."""
    generator, discriminator = (
        sum(p.numel() for p in player(network).parameters())
        for player in (Generator, Discriminator)
    )

    assert peer_parameters(network) == (generator - biases_more(network), discriminator)


@pytest.mark.parametrize("network", [replace(TINY, latent_size=9), replace(TINY, classes=3)])
def test_networks_that_the_peer_cannot_have_are_refused(network: ProganConfig) -> None:
    """A comparison of unlike networks would say nothing."""
    with pytest.raises(ValueError, match="peer"):
        peer_parameters(network)


def test_both_games_stand_at_full_size_from_the_first_image_for_long() -> None:
    """In batches of the size that was asked for, at a steady rate."""
    for config in (same_loss(WIDTHS, 16), default_game("personas-128", WIDTHS, 16)):
        for shown in (0, 100_000):
            moment = schedule_at(shown, config)

            assert (moment.growth, moment.batch_size) == (Growth(4), 16)
            assert moment.learning_rate == config.levels[-1].learning_rate


def test_the_same_loss_has_the_numbers_of_the_peer() -> None:
    """Lambda 10, drift 0.001, norm 1, Adam at 0.003, an average of 0.999, groups of 4, fp32."""
    config = same_loss(TINY, 4)

    assert (config.objective.name, config.penalty.weight, config.penalty.target) == (
        "wgan-gp",
        10,
        1,
    )
    assert (config.penalty.drift, config.average.decay, config.objective.stddev_group) == (
        0.001,
        0.999,
        4,
    )
    assert (config.levels[-1].learning_rate, config.optimizer.beta2) == (0.003, 0.99)
    assert (config.precision, config.penalty.share, config.augmentation.policy) == ("fp32", 1.0, "")


def test_the_default_game_is_that_of_the_preset() -> None:
    """Whatever the preset may be told one day."""
    preset = PRESETS["personas-128"]

    config = default_game("personas-128", TINY, 4)

    for name in ("objective", "penalty"):
        assert getattr(config, name) == getattr(preset, name)
    assert config.precision == precision_for(preset, torch.device("cpu")).precision
    assert other_precision(config).precision != config.precision
    assert other_precision(other_precision(config)) == config


def test_a_schedule_can_end_at_a_lower_resolution() -> None:
    """With the plans of the preset up to there; a resolution it never has is refused."""
    preset = PRESETS["personas-128"]

    config = up_to(preset, 64, channels=1)

    assert config.levels == preset.levels[:-1]
    assert (config.network.resolution, config.network.channels) == (64, 1)
    with pytest.raises(ValueError, match="128 px, not to 256"):
        up_to(preset, 256, 3)


def test_both_runs_end_in_the_same_network_by_the_same_game() -> None:
    """They differ in their levels; the last step of both has the same batch and rate."""
    course = Course("personas-128", 64, 500, 0.5, top_images=100, tick_images=50, pictures=9)

    plans = configs(course, channels=3)

    full, grown = plans[FULL], plans[PROGRESSIVE]
    assert replace(full, levels=grown.levels, tick_images=50) == grown
    assert full.total_images == 500
    assert schedule_at(0, full).growth == Growth(4)
    assert schedule_at(0, grown).growth == Growth(0)
    ends = [schedule_at(config.total_images, config) for config in (full, grown)]
    assert ends[0].growth == ends[1].growth
    assert ends[0].learning_rate == ends[1].learning_rate
    assert grown.levels[-1].stable_images == 100
    lower = zip(PRESETS["personas-128"].levels[:4], grown.levels, strict=False)
    assert all(2 * short.stable_images == plan.stable_images for plan, short in lower)


# ----------------------------------------------------------------------------------------
# The peer


def test_the_peer_is_not_installed_twice(tmp_path: Path) -> None:
    """What pip left there tells that it is there."""
    name, _, version = REQUIREMENT.partition("==")
    (tmp_path / f"{name.replace('-', '_')}-{version}.dist-info").mkdir()

    assert install(tmp_path) == tmp_path
    assert [path.suffix for path in tmp_path.iterdir()] == [".dist-info"]


def test_stand_ins_are_gone_after_the_import() -> None:
    """So that nobody else takes them for the real thing."""
    names = ("no_such_package", "no_such_package.part")

    with standing_in(names):
        assert importlib.import_module("no_such_package.part").Anything()

    assert not set(names) & set(sys.modules)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_package")


# ----------------------------------------------------------------------------------------
# Rounds


def test_contenders_take_turns_and_are_compared_with_the_first() -> None:
    """After a warm-up, round by round."""
    told: list[str] = []
    steps = {name: (lambda name=name: told.append(name)) for name in "ab"}

    rows = race(steps, rounds=2, steps_each=3, batch=1)

    assert "".join(told) == "aabb" + 2 * "aaabbb"
    assert [row.name for row in rows] == ["a", "b"]
    assert rows[0].speedup == rows[0].median_speedup == 1.0


def test_a_speed_up_is_a_ratio_of_best_rounds_beside_a_median_of_ratios() -> None:
    """The second shows what a lucky round did."""
    (_, ours) = rows_of({"peer": [1.0, 2.0, 4.0], "ours": [3.0, 12.0, 8.0]})

    assert (ours.best, ours.median) == (12.0, 8.0)
    assert (ours.speedup, ours.median_speedup) == (3.0, 3.0)


def test_both_sides_step_over_the_same_pictures(tmp_path: Path) -> None:
    """Ours reads them on its way; the peer gets floats from -1 to 1, one batch after another."""
    prepared = write_noise(tmp_path / "noise", 8, 64)
    seen: list[torch.Tensor] = []
    theirs = their_step(seen.append, prepared, resolution=8, batch_size=4)

    rows = race(
        {"theirs": theirs, "ours": our_step(same_loss(TINY, 4), prepared)},
        rounds=1,
        steps_each=1,
        batch=4,
    )

    assert [images.shape for images in seen] == [(4, 3, 8, 8)] * 3
    assert not torch.equal(seen[0], seen[1])
    assert all(images.is_contiguous() and -1 <= images.min() < -0.9 for images in seen)
    assert rows[1].best > 0


def test_noise_lies_in_a_folder_that_is_as_prepared_as_any(tmp_path: Path) -> None:
    """Every file as its manifest says, each level the mean of the one above."""
    prepared = write_noise(tmp_path / "noise", 16, 5, channels=1)

    prepared.verify()
    assert prepared.manifest.resolutions == (4, 8, 16)
    blocks = prepared.images(16).reshape(5, 4, 4, 4, 4, 1).mean(axis=(2, 4))
    assert np.abs(prepared.images(4) - blocks).max() <= 0.5


# ----------------------------------------------------------------------------------------
# Shares


def test_what_is_timed_within_another_counts_there_alone() -> None:
    """Shares must not add up to more than all."""
    stopwatch = Stopwatch()
    inner = stopwatch.around("inner", lambda value: value + 1)
    outer = stopwatch.around("outer", lambda value: inner(value) * 2)

    assert outer(3) == 8
    assert set(stopwatch.seconds) == {"outer"}
    assert inner(1) == 2
    assert set(stopwatch.seconds) == {"outer", "inner"}


def test_a_function_that_fails_is_timed_and_the_next_one_too() -> None:
    """The stopwatch does not stay running."""
    stopwatch = Stopwatch()
    broken = stopwatch.around("broken", lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        broken()

    stopwatch.around("next", int)()
    assert set(stopwatch.seconds) == {"broken", "next"}


def test_everything_is_as_it_was_after_timing() -> None:
    """A stopwatch left behind would slow down whatever comes next."""
    before = (
        Generator.forward,
        training.game.step.update_average,
        training.run.recorder.save_checkpoint,
    )

    with timing():
        assert Generator.forward is not before[0]

    after = (
        Generator.forward,
        training.game.step.update_average,
        training.run.recorder.save_checkpoint,
    )
    assert after == before


def test_what_lies_between_the_parts_is_outside_the_networks() -> None:
    """Nothing that takes time is left out."""
    found = shares({DATA: 1.0, NETWORKS[0]: 4.0, NETWORKS[3]: 3.0}, whole=10.0)

    assert found["between them"] == 0.2
    assert found["average"] == 0.0
    assert outside(found) == 0.3


def test_the_shares_of_a_real_run_add_up(tmp_path: Path) -> None:
    """Pictures, both networks, optimiser, average and tick all take some of it."""
    prepared = write_noise(tmp_path / "noise", 8, 64)

    found = shares_of_a_run(full_size(FADING, 16), prepared, tmp_path / "run")

    assert sum(found.values()) == pytest.approx(1.0, abs=0.01)
    assert all(0.0 <= share < 1.0 for share in found.values())
    for name in (DATA, *NETWORKS, "optimiser", "average", "checkpoint of a tick"):
        assert found[name] > 0.0, name
    assert 0.0 < outside(found) < 1.0


# ----------------------------------------------------------------------------------------
# Times to a value


def test_a_value_between_two_points_is_reached_between_their_times() -> None:
    """On a straight line; a curve that rises again was there nevertheless."""
    curve = [(10.0, 8.0), (20.0, 4.0), (30.0, 6.0), (40.0, 2.0)]

    assert seconds_to(curve, 6.0) == 15.0
    assert seconds_to(curve, 4.0) == 20.0
    assert seconds_to(curve, 3.0) == 37.5
    assert seconds_to(curve, 9.0) == 10.0
    assert seconds_to(curve, 1.0) is None
    assert seconds_to([], 1.0) is None


def test_a_run_is_compared_at_the_value_the_other_ends_with() -> None:
    """The other one is given the moment at which it was first that good."""
    full = [(10.0, 9.0), (60.0, 3.0), (100.0, 5.0)]

    assert times_faster(full, [(10.0, 7.0), (14.0, 3.0)]) == pytest.approx((10 + 100 / 3) / 12)
    assert times_faster(full, [(10.0, 7.0)]) is None
    assert times_faster([], full) is None


def test_a_run_is_measured_with_one_number_of_pictures(tmp_path: Path) -> None:
    """Of the checkpoints on the way only the last are there: another curve would be cut short."""
    require_same_pictures(tmp_path, 12)
    append_line(tmp_path / "measured.jsonl", {"images_shown": 8, "pictures": 12})
    require_same_pictures(tmp_path, 12)

    with pytest.raises(ValueError, match="was measured with 12 pictures, not 9: repeat that"):
        require_same_pictures(tmp_path, 9)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("target", "looks"), [(-9.0, [8, 16, 32]), (1e9, [8, 16, 20])])
def test_a_real_run_grows_until_it_is_as_good_and_a_second_call_adds_nothing(
    tmp_path: Path, target: float, looks: list[int]
) -> None:
    """Checkpoints below the full size have no pictures to be compared; the newest is measured."""
    prepared = write_noise(tmp_path / "noise", 8, 24)
    plans = {FULL: full_size(FADING, 8), PROGRESSIVE: FADING}
    console = Console(file=io.StringIO())
    ended = {"images_shown": 8, "seconds": 5.0, "pictures": 10, "swd": target, "kid": target}
    run_in(tmp_path, FULL).mkdir()
    append_line(run_in(tmp_path, FULL) / "measured.jsonl", ended)

    def measured() -> list[object]:
        return [line["images_shown"] for line in lines_of(run_in(tmp_path, PROGRESSIVE), 10)]

    first = play(plans, prepared, 10, tmp_path, console)
    found = measured()
    second = play(plans, prepared, 10, tmp_path, console)

    assert found == measured() == looks
    assert first == second
    assert [gain.metric for gain in first] == ["swd", "kid"]
    for gain in first:
        assert isinstance(gain, Gain)
        assert gain.full_s == 5.0
        assert (gain.progressive_s is not None) == (target > 0)
