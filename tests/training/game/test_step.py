"""One training step: what updates which network, from which numbers, and when nothing is."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from models.families.progan.offer import PROGAN_FAMILY
from models.growth import Growth
from tests.training.settings import with_values
from tests.training.stepping import HELD, changed, parts_of, pixels_for, play, use_game, weights_of
from training.config.config import TrainingConfig
from training.config.overrides import apply_settings
from training.game.optimise import NonFiniteLossError
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.objectives.gradient_penalty import Penalty, Score
from training.objectives.losses import OBJECTIVES, Loss

CPU = torch.device("cpu")


@pytest.fixture
def state(config: TrainingConfig) -> TrainingState:
    """Fresh ones."""
    return TrainingState.create(config, CPU)


FADING = 36  # images shown: 8 px, alpha 0.5


@pytest.mark.parametrize("objective", PROGAN_FAMILY.objectives or ())
@pytest.mark.parametrize("images_shown", [0, FADING, HELD])
def test_the_same_step_comes_to_the_same_bits(
    config: TrainingConfig, objective: str, images_shown: int
) -> None:
    """Numbers and weights, from seed, pictures and images shown alone."""
    config = with_values(config, objective=objective)
    first, again = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    torch.manual_seed(1)
    numbers = play(first, config, images_shown)
    torch.manual_seed(2)

    assert play(again, config, images_shown) == numbers
    assert not changed(first.generator, weights_of(again.generator))
    assert not changed(first.discriminator, weights_of(again.discriminator))
    assert not changed(first.average, weights_of(again.average))


@pytest.mark.parametrize("change", [{"seed": 1}, {"images_shown": HELD + 4}])
def test_another_seed_or_moment_draws_other_latents(
    config: TrainingConfig, change: dict[str, int]
) -> None:
    """With the same weights and pictures, the fakes are others."""
    schedule = schedule_at(HELD, config)
    numbers: list[float] = []
    for options in ({}, change):
        changed_config = replace(config, seed=options.get("seed", 0))
        shown = options.get("images_shown", HELD)
        state = TrainingState.create(config, CPU)
        moved = replace(schedule, images_shown=shown)
        numbers.append(take_step(state, moved, changed_config, pixels_for(moved))["score_fake"])

    assert numbers[0] != numbers[1]


def test_all_terms_are_returned(state: TrainingState, config: TrainingConfig) -> None:
    """Those of both networks, and the mean scores."""
    assert set(play(state, config, HELD)) == {
        *("relativistic", "r1", "r2", "score_real", "score_fake", "generator")
    }


def test_real_images_are_cross_faded(
    state: TrainingState, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At alpha 0.25, three quarters of them is their own half-size version."""
    seen: list[Tensor] = []

    def spying(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
        seen.append(reals)
        return OBJECTIVES["logistic-r1"].discriminator(score, reals, fakes, penalty)

    use_game(monkeypatch, discriminator=spying)
    schedule = replace(schedule_at(FADING, config), growth=Growth(1, 0.25))
    pixels = pixels_for(schedule)
    take_step(state, schedule, config, pixels)

    sharp = pixels.transpose(0, 3, 1, 2) / 127.5 - 1
    small = sharp.reshape(4, 3, 4, 2, 4, 2).mean(axis=(3, 5))
    blurred = small.repeat(2, axis=2).repeat(2, axis=3)
    np.testing.assert_allclose(seen[0].numpy(), 0.25 * sharp + 0.75 * blurred, atol=1e-6)


@pytest.mark.parametrize("reuse", [True, False])
def test_the_generator_learns_from_the_same_fakes_or_new_ones(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch, reuse: bool
) -> None:
    """As `reuse_fakes` says."""
    game = OBJECTIVES["rpgan-r1r2"]
    seen: list[Tensor] = []

    def first(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
        seen.append(fakes)
        return game.discriminator(score, reals, fakes, penalty)

    def second(score: Score, reals: Tensor, fakes: Tensor) -> Loss:
        seen.append(fakes.detach())
        return game.generator(score, reals, fakes)

    use_game(monkeypatch, discriminator=first, generator=second)
    play(TrainingState.create(config, CPU), with_values(config, reuse_fakes=reuse), HELD)

    assert torch.equal(seen[0], seen[1]) is reuse


@pytest.mark.parametrize("objective", ["logistic-r1", "hinge", "rpgan-r1r2"])
def test_a_step_with_finite_differences_is_played(config: TrainingConfig, objective: str) -> None:
    """By every objective that offers them; the penalty is not nothing."""
    config = with_values(config, objective=objective, penalty="finite-difference")

    assert play(TrainingState.create(config, CPU), config, HELD)["r1"] > 0


def idle(score: Score, reals: Tensor, fakes: Tensor, _penalty: Penalty | None = None) -> Loss:
    """A part with nothing to learn from: every gradient is zero."""
    return Loss({"nothing": (score(reals) + score(fakes)).sum() * 0})


def test_the_generators_turn_leaves_the_discriminator_alone(
    state: TrainingState, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its gradients pass through."""
    use_game(monkeypatch, discriminator=idle)
    generator, discriminator = weights_of(state.generator), weights_of(state.discriminator)

    play(state, config, HELD)

    assert changed(state.generator, generator)
    assert not changed(state.discriminator, discriminator)


def test_the_discriminators_turn_leaves_the_generator_alone(
    state: TrainingState, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fakes are only looked at."""
    use_game(monkeypatch, generator=idle)
    generator, discriminator = weights_of(state.generator), weights_of(state.discriminator)

    play(state, config, HELD)

    assert not changed(state.generator, generator)
    assert changed(state.discriminator, discriminator)


def test_the_discriminator_learns_the_same_whatever_the_generator_does(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No gradient of the generator's update is left in it for the next step."""
    first, second = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    play(first, config, HELD)
    use_game(monkeypatch, generator=idle)
    play(second, config, HELD)

    assert not changed(first.discriminator, weights_of(second.discriminator))
    assert all(p.requires_grad for p in first.discriminator.parameters())


def test_awake_levels_learn_and_sleeping_ones_keep_their_weights(
    state: TrainingState, config: TrainingConfig
) -> None:
    """At 4 px, nothing of 8 px moves."""
    generator, discriminator = weights_of(state.generator), weights_of(state.discriminator)

    play(state, config, 0)

    assert parts_of(changed(state.generator, generator)) == {"stem.dense", "stem.conv", "exits.0"}
    assert parts_of(changed(state.discriminator, discriminator)) == {
        *("entries.0", "head.conv", "head.dense", "head.score")
    }


def test_a_level_that_falls_asleep_does_not_drift_on(
    state: TrainingState, config: TrainingConfig
) -> None:
    """Adam's moments of the small exit and entry do not move them once the fade is over."""
    play(state, config, FADING)
    generator, discriminator = weights_of(state.generator), weights_of(state.discriminator)

    play(state, config, HELD)

    assert not {n for n in changed(state.generator, generator) if n.startswith("exits.0")}
    assert not {n for n in changed(state.discriminator, discriminator) if n.startswith("entries.0")}
    assert "exits.1.weight" in changed(state.generator, generator)


def test_the_average_follows_the_generator(state: TrainingState, config: TrainingConfig) -> None:
    """By one minus the decay of the moment, after the generator's own step."""
    before = weights_of(state.average)
    decay = schedule_at(HELD, config).average_decay

    play(state, config, HELD)

    current = weights_of(state.generator)
    for name, value in state.average.named_parameters():
        torch.testing.assert_close(value, decay * before[name] + (1 - decay) * current[name])


@pytest.mark.parametrize("rates", [(0.001, 0.01), (0.01, 0.001)])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(
    state: TrainingState, config: TrainingConfig, rates: tuple[float, float]
) -> None:
    """Of the schedule, for each network, whatever the size of the gradient."""
    places = ((state.generator, "stem.conv.weight"), (state.discriminator, "head.conv.weight"))
    before = [weights_of(network)[name] for network, name in places]
    schedule = replace(
        schedule_at(HELD, config), learning_rate=rates[0], discriminator_rate=rates[1]
    )

    take_step(state, schedule, config, pixels_for(schedule))

    for (network, name), old, rate in zip(places, before, rates, strict=True):
        step = (weights_of(network)[name] - old).abs()
        assert step.median().item() == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize(("settings", "held"), [([], True), (["penalty_weight=0.0002"], False)])
def test_wgan_gp_with_its_usual_weight_keeps_the_gradient_norm_near_one(
    config: TrainingConfig, settings: list[str], held: bool
) -> None:
    """With the weight that is usual for R1 and R2 it is negligible, and gradients grow."""
    rate = ["levels.8.learning_rate=0.01"]
    config = apply_settings(config, ["objective=wgan-gp", *rate, *settings])
    state = TrainingState.create(config, CPU)
    played = [play(state, config, n) for n in range(HELD, HELD + 4 * 80, 4)]

    squared = [numbers["gradient_penalty"] / config.penalty.weight for numbers in played]
    assert (sum(squared[-10:]) / 10 < 0.25) is held


@pytest.mark.parametrize("objective", PROGAN_FAMILY.objectives or ())
def test_kept_kernels_change_nothing_but_last_bits(
    config: TrainingConfig, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five steps of every game come to the same as with kernels made for each run."""
    config = apply_settings(config, [f"objective={objective}"])
    moments = range(HELD, HELD + 20, 4)
    kept, made = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    numbers = [play(kept, config, images_shown) for images_shown in moments]

    monkeypatch.setattr("training.game.step.kernels_cached", nullcontext)
    expected = [play(made, config, images_shown) for images_shown in moments]

    for ours, theirs in zip(numbers, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("objective", PROGAN_FAMILY.objectives or ())
def test_bf16_stays_near_fp32(config: TrainingConfig, objective: str) -> None:
    """Weights stay fp32, and five steps of every game come to nearly the same."""
    config = apply_settings(config, [f"objective={objective}"])
    full, half = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    for images_shown in range(HELD, HELD + 20, 4):
        expected = play(full, config, images_shown)
        numbers = play(half, replace(config, precision="bf16"), images_shown)

        assert numbers != expected
        assert numbers == pytest.approx(expected, rel=0.1, abs=0.05)
    assert {p.dtype for p in half.generator.parameters()} == {torch.float32}


def test_a_loss_that_is_not_finite_stops_before_any_update(
    state: TrainingState, config: TrainingConfig
) -> None:
    """The message names the step, the terms, and what to try."""
    with torch.no_grad():
        state.generator.get_parameter("exits.1.bias").fill_(float("nan"))
    generator, discriminator = weights_of(state.generator), weights_of(state.discriminator)

    with pytest.raises(NonFiniteLossError) as caught:
        play(state, config, FADING)

    message = str(caught.value)
    for part in (
        *("after 36 images, at 8 px, alpha 0.500", "relativistic nan", "r1 0", "r2 nan"),
        *("levels.*.learning_rate", "larger batch", "penalty_weight", "precision=fp32"),
    ):
        assert part in message
    assert not changed(state.discriminator, discriminator)
    assert changed(state.generator, generator) == {"exits.1.bias"}  # a NaN equals nothing


def infinite(_score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """A generator's loss that overflows."""
    return Loss({"generator": fakes.sum() * float("inf")})


def infinitely_steep(_score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """A loss of 0 whose gradient is not a number: the root at 0."""
    return Loss({"generator": (fakes * 0).sum().sqrt()})


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (infinite, "the loss is not finite after 60 images, at 8 px, alpha 1.000: generator"),
        (infinitely_steep, "the gradient of the loss is not finite after 60 images"),
    ],
)
def test_a_generator_that_breaks_down_is_not_updated(
    state: TrainingState,
    config: TrainingConfig,
    monkeypatch: pytest.MonkeyPatch,
    part: Callable[..., Loss],
    message: str,
) -> None:
    """Neither it nor its average; and the discriminator can still learn."""
    use_game(monkeypatch, generator=part)
    generator, average = weights_of(state.generator), weights_of(state.average)

    with pytest.raises(NonFiniteLossError, match=message):
        play(state, config, HELD)

    assert not changed(state.generator, generator)
    assert not changed(state.average, average)
    assert all(p.requires_grad for p in state.discriminator.parameters())


def test_the_game_of_the_tests_is_learnable(config: TrainingConfig) -> None:
    """Forty steps on four pictures: the relativistic loss falls below the coin toss."""
    state = TrainingState.create(config, CPU)
    losses = [play(state, config, n)["relativistic"] for n in range(HELD, HELD + 160, 4)]

    assert np.mean(losses[-5:]) < 0.6 < np.log(2)
    assert all(a != b for a, b in pairwise(losses))
