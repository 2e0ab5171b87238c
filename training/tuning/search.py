"""The search: which trial runs when, which one ends early, and what is kept of each.

Owns the order of trials and the accounts of processor time. The settings are drawn by `study.py`,
the trials train in processes of their own (`worker.py`). Every outcome is on the disk before the
next trial begins, so a search that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.run.stopping import StopRequest
from training.tuning.ending import ending_of, read_outcome, remove_checkpoints, require_baseline
from training.tuning.folders import (
    BASELINE,
    best_trial,
    is_searched,
    number_of_trial,
    repeat_name,
    trial_name,
    wait_for_lock,
)
from training.tuning.outcome import (
    OUTCOME_FILE,
    TRIAL_SETTINGS_FILE,
    SettingValue,
    State,
    TrialOutcome,
    TrialSettings,
    TuningRequest,
    read_values,
    write_values,
)
from training.tuning.processes import LOG_FILE, TrialProcesses, WorkerEvent
from training.tuning.results import write_results
from training.tuning.searched import SearchedSetting
from training.tuning.space import settings_of
from training.tuning.study import TuningStudy
from training.tuning.table import describe_outcome

LEAST_SHARE = 0.05  # of the time of a trial that each one is charged, also if it diverged at once
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class SearchPlan:
    """Limits of a search.

    Attributes:
        seconds: processor seconds of all processes together, repeats included.
        processes: trials at the same time.
        repeats: of the best trial and of the baseline, each with another seed.
    """

    seconds: float
    processes: int
    repeats: int


@dataclass
class Search:
    """A search in its folder.

    Attributes:
        out: the folder, locked by this process.
        request: what makes trials comparable.
        base: the preset with its settings.
        space: the searched settings.
        plan: what it may spend.
        study: draws the settings.
        say: shows a line.
        outcomes: of ended trials, by the name of their folder.
    """

    out: Path
    request: TuningRequest
    base: TrainingConfig
    space: Sequence[SearchedSetting]
    plan: SearchPlan
    study: TuningStudy
    say: Callable[[str], None]
    outcomes: dict[str, TrialOutcome] = field(default_factory=dict[str, TrialOutcome])
    _waiting: list[Path] = field(default_factory=list[Path])
    _running: set[Path] = field(default_factory=set[Path])
    _pruned: set[Path] = field(default_factory=set[Path])
    _retried: set[Path] = field(default_factory=set[Path])
    _failures: int = 0

    def run(self, data: Path) -> bool:
        """Run trials until the time is spent; False if a stop was requested.

        Raises:
            ConfigError: the baseline, or three trials in a row, failed.
            OSError: the disk is full.
        """
        self.resume()
        with TrialProcesses(data) as processes, StopRequest() as stop:
            while not stop.asked:
                while len(processes) < self.plan.processes and (folder := self.next_folder()):
                    self._running.add(folder)
                    processes.start(folder)
                if not len(processes):
                    return True
                for event in processes.events():
                    if event.measured:
                        processes.answer(event.folder, go_on=self.goes_on(event))
                    else:
                        self.end(event)
            return False

    def resume(self) -> None:
        """Read the outcomes so far, and take up the trials that were running."""
        for path in sorted(self.out.glob(f"trial-*/{OUTCOME_FILE}")):
            self.outcomes[path.parent.name] = read_values(path, TrialOutcome)
        for number in self.study.running:
            folder = self.folder_of(number)
            if outcome := self.outcomes.get(folder.name):
                self.study.tell(number, outcome)
            else:
                self.prepare(number)
        if self.outcomes:
            self.write()
        require_baseline(self.out, self.outcomes)

    def describe(self) -> str:
        """Describe in a line what will be done."""
        whole = max(0.0, self.search_seconds()) / self.request.trial_seconds
        return (
            f"{self.base.preset} at {self.request.resolution} px: {whole:.1f} whole trials of "
            f"{self.request.trial_seconds:.0f} s of processor time, more where some are pruned, "
            f"{self.plan.processes} at a time; searched: {', '.join(map(str, self.space))}"
        )

    def write(self) -> str:
        """Write the results so far; the summary for the terminal."""
        return write_results(
            self.out, self.request, self.base, self.space, self.study, self.outcomes
        )

    def next_folder(self) -> Path | None:
        """Folder of the next trial to train; None if there is nothing to do now."""
        while not self._waiting:
            searching = [each for each in self._running if is_searched(each.name)]
            ahead = (len(searching) + 0.5) * self.request.trial_seconds
            if self.spent() + ahead > self.search_seconds():
                return None if searching else self.next_repeat()
            self.prepare(self.study.ask())
        folder = self._waiting.pop(0)
        wait_for_lock(folder, self.say)
        return folder

    def search_seconds(self) -> float:
        """Processor seconds for trials, without those kept for repeats."""
        return self.plan.seconds - 2 * self.plan.repeats * self.request.trial_seconds

    def spent(self) -> float:
        """Processor seconds of the ended trials of the search, each between 0.05 and 1 of them."""
        whole = self.request.trial_seconds
        searched = (o.processor_seconds for name, o in self.outcomes.items() if is_searched(name))
        return sum(min(whole, max(LEAST_SHARE * whole, seconds)) for seconds in searched)

    def prepare(self, number: int) -> None:
        """Draw the settings of a trial and write its folder; impossible settings end it."""
        drawn = self.study.drawn(number)
        baseline = number == BASELINE
        found = {} if baseline else settings_of(self.space, drawn, self.base)
        settings = {name: value for name, value in found.items() if isinstance(value, SettingValue)}
        trial = TrialSettings(settings, self.base.seed, prunable=not baseline)
        folder = self.folder_of(number)
        write_values(folder / TRIAL_SETTINGS_FILE, trial)
        try:
            trial.config(self.base)
        except ConfigError as error:
            self.conclude(folder, "impossible", str(error))
        else:
            self._waiting.append(folder)

    def next_repeat(self) -> Path | None:
        """Folder of the next repeat of the best trial or of the baseline, if any is left."""
        best = best_trial(self.outcomes)
        if best in (None, trial_name(BASELINE)):
            return None
        for seed in range(1, self.plan.repeats + 1):
            for name in (trial_name(BASELINE), best):
                folder = self.out / repeat_name(name, seed)
                if folder.name in self.outcomes or folder in self._running:
                    continue
                settings = read_values(self.out / name / TRIAL_SETTINGS_FILE, TrialSettings)
                repeat = TrialSettings(settings.settings, self.base.seed + seed, prunable=False)
                write_values(folder / TRIAL_SETTINGS_FILE, repeat)
                wait_for_lock(folder, self.say)
                return folder
        return None

    def folder_of(self, number: int) -> Path:
        """Folder of a trial of the search."""
        return self.out / trial_name(number)

    def goes_on(self, event: WorkerEvent) -> bool:
        """Take in a measurement; False if the trial is to be pruned."""
        folder, measured = event.folder, event.measured
        if measured is None or not is_searched(folder.name):
            return True
        kept = self.study.keeps(number_of_trial(folder.name), measured)
        if kept or number_of_trial(folder.name) == BASELINE:
            return True
        self._pruned.add(folder)
        return False

    def end(self, event: WorkerEvent) -> None:
        """Conclude a trial whose process has ended, or repeat one that was stopped from outside.

        Raises:
            ConfigError: the baseline, or three trials in a row, failed.
            OSError: the disk is full.
        """
        folder = event.folder
        self._running.discard(folder)
        state, reason = ending_of(event, self.request, pruned=folder in self._pruned)
        if state == "stopped" and folder not in self._retried:
            self._retried.add(folder)
            self._waiting.append(folder)
        else:
            self.conclude(folder, "failed" if state == "stopped" else state, reason)

    def conclude(self, folder: Path, state: State, reason: str = "") -> None:
        """Write the outcome of a trial, learn from it, and remove the checkpoints of losers.

        Raises:
            ConfigError: the baseline, or three trials in a row, failed.
        """
        outcome = read_outcome(folder, state, reason)
        write_values(folder / OUTCOME_FILE, outcome)
        self.outcomes[folder.name] = outcome
        if is_searched(folder.name):
            self.study.tell(number_of_trial(folder.name), outcome)
        remove_checkpoints(self.out, self.outcomes)
        self.write()
        self.say(describe_outcome(folder.name, outcome))
        self._failures = self._failures + 1 if state in ("failed", "impossible") else 0
        require_baseline(self.out, self.outcomes)
        if self._failures >= FAILURES_IN_A_ROW:
            raise ConfigError(
                f"three trials in a row failed, the last one: {reason}; {folder / LOG_FILE} may "
                "tell more"
            )
