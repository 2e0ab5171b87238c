"""The choice of exits: the cheapest that is good enough, or the most faithful."""

import numpy as np
import pytest
from torch import nn

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit
from models.families.progan.generator import Generator
from training.exits import choosing
from training.exits.choosing import ExitCandidate, choose_exit, fidelities
from training.exits.distillation_data import ExitError, distillation_batch

LINEAR = ExitCandidate(ExitShape((3,)), nn.Identity())
DEEP = ExitCandidate(ExitShape((3, 1), (8,)), nn.Identity())


def test_fidelity_is_the_peak_signal_to_noise_ratio(generator: Generator) -> None:
    """20 log10 of the range, 2, over the root mean square error of clipped pictures."""
    candidates = [
        [ExitCandidate(ExitShape((k,)), build_exit(16, 3, ExitShape((k,)))) for k in (1, 3)]
        for _ in range(2)
    ]
    batch = distillation_batch(generator, choosing.HELD_OUT_SEEDS)

    reached = fidelities(generator, candidates)

    for level in range(2):
        for candidate, decibels in zip(candidates[level], reached[level], strict=True):
            shown = candidate.module(batch.features[level]).clamp(-1, 1)
            error = (shown - batch.targets[level]).square().mean().sqrt().item()
            assert decibels == pytest.approx(20 * np.log10(2 / error), abs=1e-3)


@pytest.mark.parametrize(
    ("linear", "deep", "chosen", "reached"),
    [
        (38.1, 45.0, LINEAR, 38.1),
        (37.9, 38.5, DEEP, 38.5),
        (30.0, 29.0, LINEAR, 30.0),
        (20.0, 21.0, DEEP, 21.0),
    ],
)
def test_the_first_that_is_good_enough_is_taken_or_the_best(
    linear: float, deep: float, chosen: ExitCandidate, reached: float
) -> None:
    """Good enough is 38 dB; candidates come cheapest first."""
    assert choose_exit([[LINEAR, DEEP]], [[linear, deep]]) == [(chosen, reached)]


@pytest.mark.parametrize("decibels", [9.9, float("nan")])
def test_an_exit_that_shows_nothing_is_refused(decibels: float) -> None:
    """The message names the resolution, what was reached, and what to try."""
    with pytest.raises(ExitError, match=r"the best exit at 8 px .* (9\.9|nan) dB only, 10 are"):
        choose_exit([[LINEAR], [LINEAR]], [[30.0], [decibels]])
