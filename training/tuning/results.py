"""The results of a search, as files in its folder; they are current after each trial.

Owns `trials.txt`, `trials.json`, `tune.svg` and `preset.json`. Measures nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from training.atomic_folder import write_file
from training.config.config import TrainingConfig
from training.config.overrides import with_settings
from training.tuning.folders import best_trial
from training.tuning.influence import (
    Influence,
    TrialValues,
    common_scores,
    influences_of,
    values_of,
)
from training.tuning.outcome import PRESET_FILE, TrialOutcome, TuningRequest
from training.tuning.plot import Panel, picture_of
from training.tuning.searched import SearchedSetting
from training.tuning.study import FEWEST_FOR_IMPORTANCE, TuningStudy
from training.tuning.table import lines_of_influence, lines_of_repeats, table_of_trials

TABLE_FILE, TRIALS_FILE = "trials.txt", "trials.json"
PICTURE_FILE = "tune.svg"
TUNED = "-tuned"  # after the name of the preset
MOST_ROWS = 15  # in the terminal


def write_results(
    out: Path,
    request: TuningRequest,
    base: TrainingConfig,
    space: Sequence[SearchedSetting],
    study: TuningStudy,
    outcomes: Mapping[str, TrialOutcome],
) -> str:
    """Write all files; the summary for the terminal.

    Raises:
        OSError: the disk is full; older files are kept.
    """
    values = {searched.name: values_of(searched, outcomes, base) for searched in space}
    importances, finished = study.importances()
    percent, scores = common_scores(outcomes)
    influences = influences_of(importances, values, scores)
    measured = percent, len(scores)
    below = [
        "",
        *lines_of_influence(influences, finished, measured, FEWEST_FOR_IMPORTANCE),
        "",
        *lines_of_repeats(outcomes),
    ]
    table = "\n".join([*table_of_trials(outcomes, request), *below]) + "\n"
    write_file(out / TABLE_FILE, table.encode("utf-8"))
    write_file(out / TRIALS_FILE, json_of(request, outcomes, influences, (finished, *measured)))
    time = f"{request.trial_seconds:.0f} s of processor time for each trial"
    title = f"{base.preset} at {request.resolution} px, {time}"
    picture = picture_of(outcomes, panels_of(values), title)
    write_file(out / PICTURE_FILE, picture.encode("utf-8"))
    if best := best_trial(outcomes):
        preset = tuned_preset(base, outcomes[best])
        write_file(out / PRESET_FILE, preset.to_json().encode("utf-8"))
    return "\n".join([*table_of_trials(outcomes, request, MOST_ROWS), *below])


def tuned_preset(base: TrainingConfig, best: TrialOutcome) -> TrainingConfig:
    """The preset with the settings of a trial: its whole plan, its own seed and ticks."""
    name = base.preset if base.preset.endswith(TUNED) else base.preset + TUNED
    return replace(with_settings(base, best.settings), preset=name)


def panels_of(values: Mapping[str, TrialValues]) -> list[Panel]:
    """A panel for each setting."""
    return [Panel(name, own) for name, own in values.items()]


def json_of(
    request: TuningRequest,
    outcomes: Mapping[str, TrialOutcome],
    influences: Sequence[Influence],
    basis: tuple[int, int, int],
) -> bytes:
    """Content of `trials.json`; what the influences rest on is as in `lines_of_influence`."""
    names = ("finished_trials", "percent", "measured_trials")
    content = {
        "request": asdict(request),
        "best": best_trial(outcomes),
        "trials": {name: asdict(outcome) for name, outcome in outcomes.items()},
        "influences": [asdict(each) for each in influences],
        "influences_from": dict(zip(names, basis, strict=True)),
    }
    return (json.dumps(content, indent=2) + "\n").encode("utf-8")
