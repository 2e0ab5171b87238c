"""Trials of the normal networks: the project's own schedule and steps."""

from dataclasses import replace

import pytest

from tests.training.benchmark.stacks import STACKS, TRIAL
from training.benchmark.grown import GrownGame, config_of
from training.config import ConfigError
from training.schedule import schedule_at

NORMAL = replace(TRIAL, network="normal", images=1_000_000, batch_size=64, gamma=0.16)


@pytest.mark.parametrize("images", [1, 3, 64, 999, 1_000_000])
def test_a_trial_shows_as_many_images_as_it_says(images: int) -> None:
    """Whatever their shares come to; most of the time goes to 32 px."""
    config = config_of(replace(NORMAL, images=images))

    assert config.total_images == images
    assert schedule_at(images, config).growth.resolution == 32


def test_gamma_is_that_of_finished_pictures() -> None:
    """The rule of the run turns it back: weight times pixels over batch size."""
    config = config_of(NORMAL)

    assert config.penalty_weight * 32 * 32 / 64 == pytest.approx(0.16)


def test_the_players_learn_at_the_rates_of_the_trial() -> None:
    """At the end the generator has slowed down, the discriminator has not."""
    trial = replace(NORMAL, learning_rate=0.002, discriminator_rate=0.006)
    begins, ends = (schedule_at(shown, config_of(trial)) for shown in (0, 900_000))

    assert (begins.learning_rate, begins.discriminator_rate) == pytest.approx((0.002, 0.006))
    assert (ends.learning_rate, ends.discriminator_rate) == pytest.approx((0.001, 0.006))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "wgan-gp"}, "take another objective"),
        ({"learning_rate": 0.0}, "take rates above 0"),
        ({"discriminator_rate": 0.0}, "take rates above 0"),
    ],
)
def test_what_a_run_does_not_know_is_refused(change: dict[str, object], message: str) -> None:
    """Rather than being left out without a word."""
    with pytest.raises(ConfigError, match=message):
        config_of(replace(NORMAL, **change))  # pyright: ignore[reportArgumentType] - as written above


def test_turns_grow_with_the_schedule() -> None:
    """The first turn is played at 4 px, the last at 32 px; both change the base."""
    game = GrownGame(replace(NORMAL, images=64, batch_size=8), STACKS)
    weights = game.players.generator.state_dict()
    awake: list[set[str]] = []
    for shown in (0, 56):
        before = {name: value.clone() for name, value in weights.items()}
        more, numbers = game.take_turn(shown, 0)
        assert more == 8
        assert numbers.keys() >= {"relativistic", "generator", "r1", "r2"}
        awake.append({name for name in weights if not weights[name].equal(before[name])})

    assert "exits.0.weight" in awake[0]
    assert "exits.3.weight" in awake[1] - awake[0]
    assert "stem.dense.weight" in awake[0] & awake[1]
