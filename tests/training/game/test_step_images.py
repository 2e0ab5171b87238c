"""What a step does to images: augmentation, penalties on them, and rolling."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from models.families.progan.offer import PROGAN_FAMILY
from tests.training.settings import with_values
from tests.training.stepping import HELD, pixels_for, use_game
from training.config.config import TrainingConfig
from training.config.overrides import apply_settings
from training.distributed import SINGLE
from training.game.context import StepContext
from training.game.regularise import penalty_at
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.objectives.gradient_penalty import Penalty, Score
from training.objectives.losses import OBJECTIVES, Loss
from training.objectives.rng import Stream

CPU = torch.device("cpu")


def test_real_and_fake_images_are_augmented_apart_and_anew_for_the_generator(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three draws of one step; the fakes are the same before it."""
    game = OBJECTIVES["rpgan-r1r2"]
    seen: list[Tensor] = []

    def first(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
        seen.extend((reals, fakes))
        return game.discriminator(score, reals, fakes, penalty)

    def second(score: Score, reals: Tensor, fakes: Tensor) -> Loss:
        seen.append(fakes.detach())
        return game.generator(score, reals, fakes)

    use_game(monkeypatch, discriminator=first, generator=second)
    config, schedule = with_values(config, augment="cutout"), schedule_at(HELD, config)
    pixels = np.full((4, 8, 8, 3), 255, np.uint8)
    take_step(TrainingState.create(config, CPU), schedule, config, pixels, strength=1.0)

    holes = [image.eq(0).all(dim=1) for image in seen]
    assert all(hole.flatten(1).any(dim=1).all() for hole in holes)
    assert not torch.equal(holes[0], holes[1])
    assert not torch.equal(holes[1], holes[2])


@pytest.mark.parametrize("objective", PROGAN_FAMILY.objectives or ())
def test_every_game_can_be_played_with_augmentation(config: TrainingConfig, objective: str) -> None:
    """And learns something else than without."""
    config = with_values(config, objective=objective, augment="color,translation,cutout")
    schedule = schedule_at(HELD, config)
    numbers = [
        take_step(
            TrainingState.create(config, CPU), schedule, config, pixels_for(schedule), None, p
        )
        for p in (0.0, 1.0)
    ]

    assert numbers[0].keys() == numbers[1].keys()
    assert numbers[0]["generator"] != numbers[1]["generator"]


@pytest.mark.parametrize(
    ("objective", "weight"),
    [("wgan-gp", 0.05), ("logistic-r1", 0.05 * 64 / 4), ("rpgan-r1r2", 0.05 * 64 / 4)],
)
def test_r1_weights_grow_with_the_image(
    config: TrainingConfig, objective: str, weight: float
) -> None:
    """By R^2 / batch size, the rule of StyleGAN2-ADA; lambda of WGAN-GP does not."""
    config = with_values(config, objective=objective, penalty_weight=0.05)

    penalty = penalty_at(config, schedule_at(HELD, config), CPU)

    assert penalty.weight == pytest.approx(weight)
    assert penalty.mix.shape == (4, 1, 1, 1)
    assert penalty.noise is None


def test_a_level_scales_its_penalty(config: TrainingConfig) -> None:
    """And that of no other level."""
    first, second = config.levels
    scaled = replace(config, levels=(first, replace(second, penalty_scale=0.15)))

    for shown, scale in ((0, 1.0), (HELD, 0.15)):
        usual, other = (
            penalty_at(each, schedule_at(shown, each), CPU) for each in (config, scaled)
        )
        assert other.weight == pytest.approx(scale * usual.weight)


def test_the_weight_of_a_penalty_counts_every_pixel(config: TrainingConfig) -> None:
    """Of 8x12 pixels half as much again as of 8x8; and noise is of that shape."""
    network = replace(config.network, base_width=6)
    wide = with_values(config, network=network, penalty="finite-difference")

    penalty = penalty_at(wide, schedule_at(HELD, wide), CPU)

    square = penalty_at(config, schedule_at(HELD, config), CPU)
    assert penalty.weight == pytest.approx(1.5 * square.weight)
    assert penalty.noise is not None
    assert penalty.noise.shape == (2, 4, 3, 8, 12)


def test_finite_differences_get_noise_of_their_own(config: TrainingConfig) -> None:
    """For both sides, as large as the penalised images; another with every step."""
    config = with_values(config, penalty="finite-difference", penalty_sigma=0.5, penalty_share=0.5)
    first, later = (penalty_at(config, schedule_at(n, config), CPU) for n in (HELD, HELD + 4))

    assert (first.kind, first.sigma) == ("finite-difference", 0.5)
    assert first.noise is not None
    assert later.noise is not None
    assert first.noise.shape == (2, 4, 3, 8, 8)
    assert not torch.equal(first.noise[0], first.noise[1])
    assert not torch.equal(first.noise, later.noise)


@pytest.mark.parametrize(
    ("settings", "rolled"),
    [
        ([], set()),
        (["tiling=true"], {"fake"}),
        (["tiling=true", "roll_reals=true"], {"fake", "real"}),
    ],
)
def test_fake_images_of_a_tiling_generator_are_rolled_and_real_ones_on_request(
    config: TrainingConfig, settings: list[str], rolled: set[str]
) -> None:
    """By another offset in every step, the same after a restart."""
    config = apply_settings(config, settings)
    state = TrainingState.create(config, CPU)
    images = torch.randn(2, 3, 16, 16)
    purposes = {"real": Stream.AUGMENT_REALS, "fake": Stream.AUGMENT_FAKES}

    def moved(purpose: str, shown: int) -> Tensor:
        schedule = schedule_at(shown, config)
        context = StepContext(state, schedule, config, SINGLE, None, 0.0)
        return context.augmented(images, purposes[purpose])

    for purpose in purposes:
        offsets = {tuple(moved(purpose, shown).flatten().tolist()) for shown in range(0, 40, 4)}
        assert (len(offsets) > 1) == (purpose in rolled)
        assert torch.equal(moved(purpose, 8), moved(purpose, 8))
