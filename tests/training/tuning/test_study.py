"""The choice of settings: baseline first, pruning, and what a killed process leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.tuning.conftest import measured
from training.config.config import TrainingConfig
from training.tuning.outcome import TrialOutcome
from training.tuning.searched import parse_searched
from training.tuning.study import FEWEST_FOR_IMPORTANCE, STUDY_FILE, TuningStudy

SEARCHES = ("discriminator_rate=x0.25:x4:log", "penalty_share=0.5,1")


def study_of(out: Path, config: TrainingConfig, *texts: str) -> TuningStudy:
    """A study of these settings, new or resumed."""
    return TuningStudy(out, [parse_searched(text, config) for text in texts or SEARCHES], config)


def test_the_first_trial_has_the_presets_own_settings(
    tmp_path: Path, config: TrainingConfig
) -> None:
    """Later ones are drawn from the ranges."""
    study = study_of(tmp_path, config)

    assert study.ask() == 0
    assert study.drawn(0) == {"discriminator_rate": 1.0, "penalty_share": "1"}
    drawn = [study.drawn(study.ask()) for _ in range(5)]
    rates = [float(each["discriminator_rate"]) for each in drawn]
    assert all(0.25 <= rate <= 4 for rate in rates)
    assert len({*rates}) == 5


def test_a_resumed_study_goes_on(
    tmp_path: Path, config: TrainingConfig, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Running trials keep their values, half a line is dropped, new draws are new."""
    study = study_of(tmp_path, config)
    study.ask()
    study.tell(0, make_outcome(2.0))
    number = study.ask()
    before = study.drawn(number)
    undrawn = study.ask()
    with (tmp_path / STUDY_FILE).open("a") as file:
        file.write('{"op_code":')

    again = study_of(tmp_path, config)

    assert again.running == [number, undrawn]
    assert again.drawn(number) == before
    assert again.drawn(undrawn) != before
    assert again.ask() == 3
    assert study_of(tmp_path, config).running == [1, 2, 3]


def test_trials_worse_than_the_median_are_pruned(
    tmp_path: Path, config: TrainingConfig, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Of those at the same part of their time, and not before four have finished."""
    study = study_of(tmp_path, config)
    for score in (1.0, 2.0, 3.0, 4.0):
        number = study.ask()
        study.drawn(number)
        assert study.keeps(number, measured(score, 30))
        study.tell(number, make_outcome(score))

    bad, good = study.ask(), study.ask()
    assert not study.keeps(bad, measured(3.5, 30))
    assert study.keeps(good, measured(1.5, 30))
    assert study.keeps(good, measured(9.0, 30))  # the same rung again, after a resume
    assert study.keeps(bad, measured(9.0, 50))  # nobody else was measured there
    study.tell(bad, make_outcome(3.5, state="pruned"))
    assert study.running == [good]


def test_importance_needs_enough_trials(
    tmp_path: Path, config: TrainingConfig, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Then the setting that decides the score has nearly all of it."""
    study = study_of(tmp_path, config)
    importances: dict[str, float] = {}
    for finished in range(FEWEST_FOR_IMPORTANCE + 8):
        number = study.ask()
        rate = float(study.drawn(number)["discriminator_rate"])
        study.tell(number, make_outcome(abs(rate - 0.5)))
        importances, count = study.importances()
        assert count == finished + 1
        assert bool(importances) == (count >= FEWEST_FOR_IMPORTANCE)
    assert importances["discriminator_rate"] > importances["penalty_share"]
    assert sum(importances.values()) == pytest.approx(1.0)


def test_a_baseline_outside_of_the_ranges_teaches_nothing(
    tmp_path: Path, config: TrainingConfig, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Its drawn values are not those that it ran with."""
    study = study_of(tmp_path, config, "penalty_weight=0.1:1", "penalty_share=0.5,1")
    study.ask()
    study.drawn(0)

    study.tell(0, make_outcome(1.0))

    assert study.importances() == ({}, 0)
    assert study.running == []
