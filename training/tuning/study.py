"""The choice of the settings of each trial, by Optuna.

Owns the study, its file `study.jsonl`, the sampler (TPE, Bergstra et al. 2011) and the pruner
(median rule, Golovin et al. 2017, section 3.2.2). Trains nothing. Imports Optuna, so it is imported
by `tune` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import Trial, TrialState

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.tuning.outcome import Measurement, TrialOutcome
from training.tuning.searched import SearchedSetting
from training.tuning.space import Drawn

STUDY_FILE = "study.jsonl"
STUDY_NAME = "tune"
RANDOM_TRIALS = 6  # before the sampler follows the results
UNPRUNED_TRIALS = 4  # finished before the first one is pruned
FEWEST_FOR_IMPORTANCE = 12  # finished trials
GOOD_SHARE = 0.25  # of trials, whose settings are compared with those of all


class FolderLock(JournalFileOpenLock):
    """No lock of its own: the folder of the search is locked by its only process."""

    def acquire(self) -> bool:
        """Return True."""
        return True

    def release(self) -> None:
        """Do nothing."""


class TuningStudy:
    """Draws settings, and learns from scores. The first trial has the preset's own settings.

    Args:
        out: the folder of the search; a study that lies in it goes on.
        space: the searched settings.
        config: the preset, for its own values.
    """

    def __init__(self, out: Path, space: Sequence[SearchedSetting], config: TrainingConfig) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        path = out / STUDY_FILE
        drop_partial_line(path)
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=FolderLock(str(path))))
        self._space = {searched.name: searched for searched in space}
        self._own = {s.name: s.preset_value(config) for s in space}
        self._study = optuna.create_study(
            storage=storage,
            study_name=STUDY_NAME,
            load_if_exists=True,
            pruner=MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_min_trials=UNPRUNED_TRIALS),
        )
        # Another seed in each session: the same one would draw the same settings again.
        before = len(self._study.trials)
        self._study.sampler = TPESampler(seed=before, n_startup_trials=RANDOM_TRIALS)
        if not before:
            own = {name: value for name, value in self._own.items() if value is not None}
            self._study.enqueue_trial(own, skip_if_exists=True)
        self._trials = {
            frozen.number: Trial(self._study, frozen._trial_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - found in no other way
            for frozen in self._study.trials
            if frozen.state == TrialState.RUNNING
        }

    @property
    def running(self) -> list[int]:
        """Numbers of trials that were asked for and not finished, in this session or before."""
        return sorted(self._trials)

    def ask(self) -> int:
        """Begin a trial; its number."""
        trial = self._study.ask()
        self._trials[trial.number] = trial
        return trial.number

    def drawn(self, number: int) -> Drawn:
        """Values of a running trial; drawn at the first call. Trial 0 has the preset's own."""
        trial = self._trials[number]
        return {name: draw(trial, each) for name, each in self._space.items()}

    def keeps(self, number: int, measured: Measurement) -> bool:
        """Take in a measurement; False if the trial is to be pruned."""
        trial = self._trials[number]
        reported = self._study.trials[number].intermediate_values
        if measured.percent not in reported:
            trial.report(measured.score, measured.percent)
        return not trial.should_prune()

    def tell(self, number: int, outcome: TrialOutcome) -> None:
        """End a trial with its outcome."""
        del self._trials[number]
        if number == 0 and None in self._own.values():  # outside of the ranges: nothing to learn
            self._study.tell(number, state=TrialState.FAIL)
        elif outcome.score is not None:
            self._study.tell(number, outcome.score)
        else:  # to the sampler, a pruned trial without scores is the worst
            self._study.tell(number, state=TrialState.PRUNED)

    def importances(self) -> tuple[dict[str, float], int]:
        """Importance of each setting, in parts of 1, and the number of finished trials.

        By PED-ANOVA (Watanabe et al. 2023): how much the values of the best quarter differ from
        those of all finished trials. Empty below 12 trials.
        """
        states = (TrialState.COMPLETE,)
        finished = len(self._study.get_trials(deepcopy=False, states=states))
        if finished < FEWEST_FOR_IMPORTANCE or len(self._space) == 1:
            return {}, finished
        evaluator = PedAnovaImportanceEvaluator(target_quantile=GOOD_SHARE)
        return optuna.importance.get_param_importances(self._study, evaluator=evaluator), finished


def draw(trial: Trial, searched: SearchedSetting) -> Any:  # noqa: ANN401 - a number, or text
    """Draw the value of a setting, once for each trial."""
    if searched.choices:
        return trial.suggest_categorical(searched.name, searched.choices)
    return trial.suggest_float(searched.name, searched.low, searched.high, log=searched.log)


def drop_partial_line(path: Path) -> None:
    """Delete the half line at the end of the file of a study that a killed process left.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        content = path.read_bytes() if path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with path.open("rb+") as file:
                file.truncate(whole)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
