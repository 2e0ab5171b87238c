"""Turns of the crippled pair."""

from dataclasses import replace

import pytest

from tests.training.benchmark.stacks import STACKS, TRIAL, weights_of
from training.benchmark.crippled import CrippledGame


def test_the_critic_of_wgan_gp_has_five_turns_for_one() -> None:
    """The generator stays as it is until the fifth turn."""
    trial = replace(TRIAL, objective="wgan-gp")
    game = CrippledGame(trial, STACKS)
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
    game = CrippledGame(trial, STACKS)
    pair = game.players
    players = {"generator": pair.generator, "discriminator": pair.discriminator}
    before = {name: weights_of(network) for name, network in players.items()}

    game.take_turn(0, 0)

    for name, network in players.items():
        after = weights_of(network)
        changed = any((after[key] != before[name][key]).any() for key in after)
        assert changed == (name == moved), name
