"""Turns of the pair."""

from dataclasses import replace

import pytest

from tests.training.benchmark.stacks import STACKS, TRIAL, weights_of
from training.benchmark.pair import Game


def test_the_critic_of_wgan_gp_has_five_turns_for_one() -> None:
    """The generator stays as it is until the fifth turn."""
    trial = replace(TRIAL, objective="wgan-gp")
    game = Game(trial, STACKS)
    pair = game.players
    before = weights_of(pair.generator)
    changed: list[bool] = []
    for turn in range(5):
        game.take_turn(turn * 8, turn)
        after = weights_of(pair.generator)
        changed.append(any((after[name] != before[name]).any() for name in before))

    assert changed == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("rates", "moved"), [((0.0, 0.01), "discriminator"), ((0.01, 0.0), "generator")]
)
def test_each_player_learns_at_its_own_rate(rates: tuple[float, float], moved: str) -> None:
    """The one whose rate is nothing stays where it was."""
    trial = replace(TRIAL, learning_rate=rates[0], discriminator_rate=rates[1])
    game = Game(trial, STACKS)
    pair = game.players
    players = {"generator": pair.generator, "discriminator": pair.discriminator}
    before = {name: weights_of(network) for name, network in players.items()}

    game.take_turn(0, 0)

    for name, network in players.items():
        after = weights_of(network)
        changed = any((after[key] != before[name][key]).any() for key in after)
        assert changed == (name == moved), name


@pytest.mark.parametrize(("shown", "left"), [(0, 1.0), (32, 0.5), (48, 0.1464)])
def test_only_the_generator_slows_down(shown: int, left: float) -> None:
    """Adam's first step is as long as its rate: one falls along half a cosine, the other not."""
    game = Game(replace(TRIAL, learning_rate=0.002, discriminator_rate=0.01), STACKS)
    steps = {"generator": 0.002 * left, "discriminator": 0.01}
    players = {"generator": game.players.generator, "discriminator": game.players.discriminator}
    before = {name: weights_of(network) for name, network in players.items()}

    game.take_turn(shown, 0)

    for name, network in players.items():
        after = weights_of(network)
        longest = max(abs(after[key] - before[name][key]).max() for key in after)
        assert longest == pytest.approx(steps[name], rel=0.01), name
