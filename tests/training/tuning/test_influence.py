"""Which settings mattered."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.training.tuning.conftest import measured
from training.config.config import TrainingConfig
from training.tuning.influence import common_scores, influences_of, rank_correlation, values_of
from training.tuning.outcome import TrialOutcome
from training.tuning.searched import parse_searched


def test_the_rank_correlation_is_that_of_others() -> None:
    """With equal values, too; in double precision, so to 1e-12."""
    random = np.random.default_rng(0)
    for _ in range(5):
        a, b = random.integers(0, 5, 12), random.standard_normal(12)
        pairs = [(float(x), float(y)) for x, y in zip(a, b, strict=True)]
        expected = float(spearmanr(a, b)[0])  # pyright: ignore[reportArgumentType] - the statistic
        assert rank_correlation(pairs) == pytest.approx(expected, abs=1e-12)


def test_without_any_difference_there_is_no_correlation() -> None:
    """Nor with two trials."""
    assert rank_correlation([(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]) is None
    assert rank_correlation([(1.0, 1.0), (2.0, 2.0)]) is None


def test_values_are_those_that_a_trial_really_had(
    config: TrainingConfig, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """The preset's own where a trial changes nothing; numbers where there are any."""
    outcomes = {
        "trial-0000": make_outcome(3.0, settings={}),
        "trial-0001": make_outcome(2.0, settings={"levels.8.learning_rate": 0.5}),
        "trial-0002": make_outcome(None, state="impossible"),
        "trial-0001-seed1": make_outcome(2.0),
    }
    rates = parse_searched("levels.*.learning_rate=x0.5:x2", config)
    augment = parse_searched("augment=color,translation", config)

    values = values_of(rates, outcomes, config)
    assert values == {"trial-0000": 0.002, "trial-0001": 0.5}
    assert values_of(augment, outcomes, config) == {"trial-0000": "", "trial-0001": ""}


def test_scores_after_the_same_time_are_compared(
    make_outcome: Callable[..., TrialOutcome],
) -> None:
    """At the time that most trials reached; repeats do not count."""
    both = (measured(5.0, 50), measured(3.0, 100))
    outcomes = {
        "trial-0000": make_outcome(measurements=both),
        "trial-0001": make_outcome(measurements=both[:1], state="pruned"),
        "trial-0000-seed1": make_outcome(measurements=both),
    }

    assert common_scores(outcomes) == (50, {"trial-0000": 5.0, "trial-0001": 5.0})
    assert common_scores({"trial-0000": outcomes["trial-0000"]}) == (100, {"trial-0000": 3.0})
    assert common_scores({}) == (100, {})


def test_influences_are_sorted_and_have_a_direction() -> None:
    """Settings without an order have none; without importances they are sorted by it."""
    scores = {f"trial-000{n}": float(n) for n in range(1, 5)}
    values = {
        "augment": dict.fromkeys(scores, "color"),
        "rate": {name: -score for name, score in scores.items()},
    }

    found = influences_of({"augment": 0.25, "rate": 0.75}, values, scores)

    assert [(each.name, each.importance) for each in found] == [("rate", 0.75), ("augment", 0.25)]
    assert found[0].correlation == pytest.approx(-1.0)
    assert found[1].correlation is None
    unknown = influences_of({}, values, scores)
    assert [(each.name, each.importance) for each in unknown] == [("rate", None), ("augment", None)]
