"""Classes in a step: both players see them, and an auxiliary head learns them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.training.settings import with_values
from tests.training.stepping import HELD, changed, pixels_for, weights_of
from training.config.config import TrainingConfig
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step

CPU = torch.device("cpu")


LABELS = np.array([0, 2, 1, 0])


def play_with_classes(
    config: TrainingConfig, labels: NDArray[np.int64] | None = LABELS
) -> tuple[TrainingState, dict[str, float]]:
    """Fresh players and the numbers of one step at 8 px."""
    state, schedule = TrainingState.create(config, CPU), schedule_at(HELD, config)
    return state, take_step(state, schedule, config, pixels_for(schedule), labels)


def test_classes_steer_both_players(conditional: TrainingConfig) -> None:
    """Other classes of the same pictures give other scores and other fakes."""
    numbers = [play_with_classes(conditional, labels)[1] for labels in (LABELS, 2 - LABELS)]

    assert numbers[0]["score_real"] != numbers[1]["score_real"]
    assert numbers[0]["score_fake"] != numbers[1]["score_fake"]


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_every_image_is_scored_by_its_own_class(conditional: TrainingConfig, share: float) -> None:
    """Also those that the penalty leaves out: the score is that of one pass over all of them."""
    plans = tuple(replace(plan, batch_size=8) for plan in conditional.levels)
    config = with_values(conditional, penalty_share=share, levels=plans, stddev_group=1)
    state, schedule = TrainingState.create(config, CPU), schedule_at(HELD, config)
    pixels, labels = pixels_for(schedule), np.array([0, 1, 2, 0, 2, 2, 1, 1])
    with torch.no_grad():
        images = torch.from_numpy(pixels.transpose(0, 3, 1, 2) / 127.5 - 1).float()
        scores = state.discriminator(images, schedule.growth, torch.from_numpy(labels))

    numbers = take_step(state, schedule, config, pixels, labels)

    assert numbers["score_real"] == pytest.approx(scores.mean().item(), rel=1e-4)


def test_a_network_with_classes_needs_those_of_its_images(conditional: TrainingConfig) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="a network of 3 classes needs those of its images"):
        play_with_classes(conditional, None)


def test_an_auxiliary_head_teaches_both_players(conditional: TrainingConfig) -> None:
    """Its terms are told; both the head and the classes of the generator learn from it alone."""
    config = with_values(conditional, labels="acgan")
    state, numbers = play_with_classes(config)
    silent, _ = play_with_classes(with_values(config, label_weight=0.0))
    fresh = TrainingState.create(config, CPU)

    assert {"class_real", "class_fake", "class_generator"} <= set(numbers)
    assert numbers["class_real"] == pytest.approx(np.log(3), rel=1)
    head = "head.class_scores.weight"
    assert head in changed(state.discriminator, weights_of(fresh.discriminator))
    assert head not in changed(silent.discriminator, weights_of(fresh.discriminator))
    assert changed(state.generator, weights_of(silent.generator))
