"""What determines a trial."""

from dataclasses import replace

from training.benchmark.trial import Trial

TRIAL = Trial("k2", "hinge", seed=5, images=640, learning_rate=0.002)


def test_a_trial_is_called_by_what_it_plays() -> None:
    """Network, objective, images and seed."""
    assert TRIAL.name == "k2-hinge-640-seed5"


def test_the_discriminator_learns_as_the_generator_unless_told() -> None:
    """A rate of nothing is a rate, too."""
    assert TRIAL.rates == (0.002, 0.002)
    assert replace(TRIAL, discriminator_rate=0.03).rates == (0.002, 0.03)
    assert replace(TRIAL, discriminator_rate=0.0).rates == (0.002, 0.0)
