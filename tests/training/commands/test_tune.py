"""`tune` as it is typed: real trials of a second, a real kill, and what is refused."""

import json
import time
from pathlib import Path

import pytest

from tests.training.command_process import CommandProcess
from tests.training.conftest import Run
from training.config.config import TrainingConfig
from training.config.preset_file import read_preset
from training.data.stream import Prepared

ROOT = Path(__file__).parents[3]


@pytest.fixture
def words(prepared: Prepared, config: TrainingConfig, tmp_path: Path) -> list[object]:
    """Two trials of a second, compared at 4 px: the first step is already stable there."""
    preset = tmp_path / "eight.json"
    preset.write_text(config.to_json())
    given: list[object] = ["tune", "--data", prepared.folder, "--preset", preset]
    given += ["--out", tmp_path / "out", "--hours", 2 / 3600, "--trial-minutes", 1 / 60]
    given += ["--processes", 1, "--repeats", 0, "--resolution", 4]
    return [*given, "--search", "network.fmap_max=4,8", "--search", "drift=0:0.1"]


@pytest.mark.slow
def test_a_killed_search_goes_on_and_ends_with_a_preset_that_trains(
    run: Run,
    words: list[object],
    prepared: Prepared,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Killed with SIGKILL in its first trial: that one goes on from its checkpoint."""
    out = tmp_path / "out"
    records = out / "trial-0000" / "processor.jsonl"
    started = CommandProcess(tmp_path / "log", *words)
    while not records.exists():
        assert started.process.poll() is None, started.told
        time.sleep(0.01)
    started.kill()
    plan = (out / "trial-0000" / "config.json").read_bytes()

    assert run(*words) == 0

    told = capsys.readouterr().out
    assert (out / "trial-0000" / "config.json").read_bytes() == plan
    seconds = [json.loads(line)["processor_seconds"] for line in records.read_text().splitlines()]
    assert seconds == sorted(seconds)
    content = json.loads((out / "trials.json").read_text())
    assert [trial["state"] for trial in content["trials"].values()] == ["finished"] * 2
    # A trial ends after the first step beyond its second; such a step takes milliseconds, and how
    # many depends on the machine.
    assert all(trial["processor_seconds"] >= 1 for trial in content["trials"].values())
    assert "| 0000 |" in told
    assert "too few trials to say" in told

    best = read_preset(out / "preset.json")
    assert best.preset == "tiny-tuned"
    trained = ["train", "--preset", out / "preset.json", "--data", prepared.folder]
    trained += ["--device", "cpu", "--threads", 1]
    assert run(*trained, "--run", tmp_path / "run") == 0
    assert TrainingConfig.from_json((tmp_path / "run" / "config.json").read_text()) == best

    assert run(*words) == 0  # nothing is left to do
    with_others = [*words, "--set", "mirror=false"]
    assert run(*with_others) == 2
    assert "begun with another --preset or --set, so" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--hours", 0], "must be a number above 0, not '0'"),
        (["--hours", "nan"], "must be a number above 0, not 'nan'"),
        (["--trial-minutes", 1], "has room for 0.0 trials of 1 minutes"),
        (["--processes", 0], "must be 1 to 1024, not '0'"),
        (["--repeats", -1], "must be 0 to 100, not '-1'"),
        (["--resolution", 16], "--resolution is one of 4, 8, not 16"),
        (["--search", "speed=1:2"], "no setting named speed"),
        (["--search", "drift=1:2"], "has drift twice"),
        (["--set", "drift=1"], "drift is in --search and in --set"),
        (["--search", "levels.*.batch_size=4,99"], "fewer than the largest batch of 99"),
        (["--preset", "nobody"], "no preset named nobody"),
        (["--preset", "missing.json"], "cannot be read"),
        (["--data", "missing"], "missing"),
    ],
)
def test_wrong_values_are_refused_at_once(
    run: Run,
    words: list[object],
    more: list[object],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before any trial."""
    assert run(*words, *more) == 2

    assert told in capsys.readouterr().err
    assert not [*tmp_path.glob("out/trial-*")]


def test_a_stopped_search_says_that_it_goes_on(
    run: Run, words: list[object], tmp_path: Path
) -> None:
    """By SIGTERM, while its first trial begins; nothing is broken by it."""
    started = CommandProcess(tmp_path / "log", *words)
    log = tmp_path / "out" / "trial-0000" / "worker.log"
    while not log.exists():
        assert started.process.poll() is None, started.told
        time.sleep(0.01)
    started.process.terminate()

    told = started.finish()

    assert told.endswith("stopped; the same command goes on\n")
    assert not (tmp_path / "out" / "trial-0000" / "outcome.json").exists()


def test_without_optuna_the_command_says_what_to_install(
    run: Run,
    words: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before any work."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert run(*words) == 2
    assert "tune needs the package optuna: pip install optuna" in capsys.readouterr().err
