"""What determines a trial."""

from dataclasses import replace

import pytest

from training.benchmark.trial import Trial, rates_for

TRIAL = Trial("k2", "hinge", seed=5, images=640, learning_rate=0.002)


def test_a_trial_is_called_by_what_it_plays() -> None:
    """Network, objective, images and seed."""
    assert TRIAL.name == "k2-hinge-640-seed5"


def test_the_discriminator_learns_as_the_generator_unless_told() -> None:
    """A rate of nothing is a rate, too."""
    assert TRIAL.rates == (0.002, 0.002)
    assert replace(TRIAL, discriminator_rate=0.03).rates == (0.002, 0.03)
    assert replace(TRIAL, discriminator_rate=0.0).rates == (0.002, 0.0)


@pytest.mark.parametrize(
    ("asked", "objective", "rates"),
    [
        ((None, None), "rpgan-r1r2", (0.002, 0.03)),
        ((None, None), "wgan-gp", (0.001, 0.001)),
        ((None, 0.004), "wgan-gp", (0.001, 0.004)),
        ((0.0, None), "hinge", (0.0, 0.03)),
    ],
)
def test_the_usual_rates_are_those_of_the_objective(
    asked: tuple[float | None, float | None], objective: str, rates: tuple[float, float]
) -> None:
    """The paper's with WGAN-GP, else what found most modes; what is asked for is taken."""
    assert rates_for(asked, objective) == rates


def test_a_trial_is_at_full_size_from_its_first_image() -> None:
    """And only the generator slows down, along half a cosine."""
    trial = replace(TRIAL, discriminator_rate=0.03)

    schedules = [trial.schedule_at(images) for images in (0, 320, 640)]

    assert {schedule.growth.resolution for schedule in schedules} == {32}
    assert [s.learning_rate for s in schedules] == pytest.approx([0.002, 0.001, 0.0])
    assert [s.discriminator_rate for s in schedules] == [0.03] * 3
    assert [s.average_decay for s in schedules] == [trial.ema_decay_at(n) for n in (0, 320, 640)]


def test_the_settings_of_a_trial_are_those_that_a_step_reads() -> None:
    """Published weights of WGAN-GP; of R1 and R2 the one that was chosen, for every batch size."""
    published = replace(TRIAL, objective="wgan-gp").settings
    chosen = [replace(TRIAL, gamma=0.5, batch_size=size).settings for size in (32, 128)]

    assert (published.penalty.weight, published.penalty.drift) == (10.0, 0.0)
    assert published.objective.critic_steps == 5
    assert [settings.penalty.weight * 1024 for settings in chosen] == [16.0, 64.0]
    assert chosen[0].objective.critic_steps == 1


def test_the_average_remembers_a_hundredth_of_the_trial() -> None:
    """As a half-life, and never less than a batch."""
    assert TRIAL.ema_decay_at(0) == 0.5
    assert TRIAL.ema_decay_at(64 * 999) == pytest.approx(0.5**0.1)
