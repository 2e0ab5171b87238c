"""Influence of settings on the score: their importance, and the direction in which it moves.

Owns the rank correlation (Spearman 1904) of values and scores, and the values of the settings in
each trial. The importance comes from the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.config.config import TrainingConfig
from training.config.overrides import with_settings
from training.tuning.folders import is_searched
from training.tuning.outcome import TrialOutcome
from training.tuning.searched import SearchedSetting, value_at

FEWEST_PAIRS = 3
TrialValues = Mapping[str, float | str]  # by the name of the trial


@dataclass(frozen=True)
class Influence:
    """Influence of one setting on the score.

    Attributes:
        name: of the searched setting.
        importance: part of 1, of all searched settings together; None with too few trials.
        correlation: rank correlation with the score, -1 to 1; None for values without an order.
    """

    name: str
    importance: float | None
    correlation: float | None


def values_of(
    searched: SearchedSetting, outcomes: Mapping[str, TrialOutcome], base: TrainingConfig
) -> TrialValues:
    """Value of a setting in each trial of the search; at the last level, if it is of levels."""
    found: dict[str, float | str] = {}
    for name, outcome in outcomes.items():
        if is_searched(name) and outcome.state != "impossible":
            found[name] = plain_value(
                value_at(searched.name, with_settings(base, outcome.settings))
            )
    return found


def plain_value(value: object) -> float | str:
    """Value of a setting as a number where it is one, else as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return str(value)


def common_scores(outcomes: Mapping[str, TrialOutcome]) -> tuple[int, dict[str, float]]:
    """Part of the time in percent after which most trials of the search have a score, and these.

    Finished trials alone would be a selection: the bad ones were pruned before. Of two parts with
    equally many, the later one counts.
    """
    found: dict[int, dict[str, float]] = {}
    for name, outcome in outcomes.items():
        for measured in outcome.measurements if is_searched(name) else ():
            found.setdefault(measured.percent, {})[name] = measured.score
    percent = max(found, key=lambda each: (len(found[each]), each), default=100)
    return percent, found.get(percent, {})


def influences_of(
    importances: Mapping[str, float],
    values: Mapping[str, TrialValues],
    scores: Mapping[str, float],
) -> list[Influence]:
    """Influences of all searched settings, the most important one first.

    Args:
        importances: by the name of the setting; empty if too few trials have finished.
        values: of each trial, by the name of the setting.
        scores: after the same part of the time, by the name of the trial.
    """
    found: list[Influence] = []
    for setting, own in values.items():
        pairs = [(v, scores[n]) for n, v in own.items() if n in scores and not isinstance(v, str)]
        found.append(Influence(setting, importances.get(setting), rank_correlation(pairs)))
    return sorted(found, key=lambda each: (-(each.importance or 0), -abs(each.correlation or 0)))


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, -1 to 1, with mean ranks for equal values.

    None for fewer than three pairs, or if all values of one side are equal.
    """
    if len(pairs) < FEWEST_PAIRS:
        return None
    ranks = [mean_ranks(side) for side in np.asarray(pairs, np.float64).T]
    centred = [rank - rank.mean() for rank in ranks]
    lengths = [float(np.sqrt((side**2).sum())) for side in centred]
    if min(lengths) == 0:
        return None
    return float((centred[0] * centred[1]).sum() / (lengths[0] * lengths[1]))


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0; equal values have the mean of their ranks."""
    below = (values[:, None] > values[None, :]).sum(axis=1)
    equal = (values[:, None] == values[None, :]).sum(axis=1)
    return below + (equal - 1) / 2
