"""The order of trials and the accounts of time, without processes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.tuning.conftest import measured
from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.tuning import search as search_module
from training.tuning.outcome import TrialOutcome, TrialSettings, TuningRequest, read_values
from training.tuning.processes import WorkerEvent
from training.tuning.search import Search, SearchPlan
from training.tuning.searched import parse_searched
from training.tuning.study import TuningStudy

Ends = Callable[..., None]


@pytest.fixture
def search(tmp_path: Path, config: TrainingConfig, request_: TuningRequest) -> Search:
    """Three trials of 10 s, two at a time, and one repeat of two."""
    space = [parse_searched(text, config) for text in request_.search]
    plan = SearchPlan(seconds=50.0, processes=2, repeats=1)
    study = TuningStudy(tmp_path, space, config)
    return Search(tmp_path, request_, config, space, plan, study, lambda _: None)


@pytest.fixture
def ends(
    search: Search, make_outcome: Callable[..., TrialOutcome], monkeypatch: pytest.MonkeyPatch
) -> Ends:
    """End a running trial with an outcome."""

    def end(folder: Path, score: float | None, **values: object) -> None:
        trial = read_values(folder / "trial.json", TrialSettings)
        found = make_outcome(score, settings=trial.settings, seed=trial.seed, **values)
        monkeypatch.setattr(search_module, "read_outcome", lambda *_: found)
        search._running.discard(folder)
        search.conclude(folder, found.state, found.reason)

    return end


def next_running(search: Search) -> Path | None:
    """The next trial, as if its process ran."""
    if folder := search.next_folder():
        search._running.add(folder)
    return folder


def test_trials_begin_while_there_is_time_and_repeats_come_last(search: Search, ends: Ends) -> None:
    """The best trial and the baseline, with another seed each."""
    first, second = next_running(search), next_running(search)
    assert first
    assert second
    assert (first.name, second.name) == ("trial-0000", "trial-0001")
    ends(first, 4.0)
    third = next_running(search)
    assert third
    assert third.name == "trial-0002"
    assert next_running(search) is None
    ends(second, 3.0)
    ends(third, 5.0)

    repeats = [next_running(search), next_running(search)]
    assert [each.name for each in repeats if each] == ["trial-0000-seed1", "trial-0001-seed1"]
    assert next_running(search) is None
    for each, score in zip(repeats, (4.5, 2.5), strict=True):
        assert each
        assert read_values(each / "trial.json", TrialSettings).seed == search.base.seed + 1
        ends(each, score)
    assert next_running(search) is None
    assert "56 % on average, so better" in (search.out / "trials.txt").read_text()


def test_time_saved_by_pruning_is_used(search: Search, ends: Ends) -> None:
    """And a trial that broke at once is charged a little, so a search always ends."""
    folder = next_running(search)
    assert folder
    ends(folder, 4.0)
    names: list[str] = []
    while folder := next_running(search):
        names.append(folder.name)
        ends(folder, None, state="diverged", reason="nan", processor_seconds=0.0)

    assert 30 <= len(names) <= 40  # 20 s, half a second for each


def test_a_search_that_was_killed_goes_on(
    search: Search, ends: Ends, tmp_path: Path, config: TrainingConfig
) -> None:
    """Finished trials are kept, running ones begin first, with their settings."""
    first, second = next_running(search), next_running(search)
    assert first
    assert second
    ends(first, 4.0)
    settings = (second / "trial.json").read_bytes()

    study = TuningStudy(tmp_path, search.space, config)
    again = Search(tmp_path, search.request, config, search.space, search.plan, study, print)
    again.resume()

    assert [*again.outcomes] == ["trial-0000"]
    resumed = next_running(again)
    assert resumed == second
    assert (second / "trial.json").read_bytes() == settings


def test_an_outcome_that_the_study_missed_is_told(search: Search, tmp_path: Path) -> None:
    """Killed between the two."""
    folder = next_running(search)
    assert folder
    search.study.tell = lambda *_: None  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue]
    search._running.clear()
    with pytest.raises(ConfigError):
        search.conclude(folder, "failed", "x")

    study = TuningStudy(tmp_path, search.space, search.base)
    assert study.running == [0]
    again = Search(tmp_path, search.request, search.base, search.space, search.plan, study, print)
    with pytest.raises(ConfigError, match="nothing to compare with"):
        again.resume()
    assert study.running == []


def test_the_baseline_is_never_pruned(search: Search) -> None:
    """Nor is a repeat; others are, by the study."""
    folders = [next_running(search), search.out / "trial-0001-seed1", next_running(search)]
    search.study.keeps = lambda *_: False  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue]

    kept = [search.goes_on(WorkerEvent(each, measured())) for each in folders if each]

    assert kept == [True, True, False]


def test_a_broken_baseline_and_three_broken_trials_end_the_search(
    search: Search, ends: Ends
) -> None:
    """With the reason, and where the log is."""
    folder = next_running(search)
    assert folder
    with pytest.raises(ConfigError, match=r"own settings failed \(no memory\), .*worker\.log"):
        ends(folder, None, state="failed", reason="no memory")
    with pytest.raises(ConfigError, match="choose another --out for the next try"):
        search.resume()
    search.outcomes.clear()
    search._failures = 0
    for _ in range(2):
        folder = next_running(search)
        assert folder
        ends(folder, None, state="failed", reason="no memory", processor_seconds=0.0)
    folder = next_running(search)
    assert folder
    with pytest.raises(
        ConfigError, match="three trials in a row failed, the last one: no memory; "
    ):
        ends(folder, None, state="failed", reason="no memory", processor_seconds=0.0)
