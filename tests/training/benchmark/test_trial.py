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
