"""The newest state of a run, read back."""

import argparse
import json
import shutil
from pathlib import Path

import pytest

from models.growth import Growth
from training.config.config import ConfigError, TrainingConfig
from training.run_folder.checkpoint import CheckpointError, read_checkpoint
from training.run_folder.loaded import add_checkpoint_argument, load_run


def test_a_run_is_read_back_where_it_stands(finished: Path, config: TrainingConfig) -> None:
    """Configuration, weights of the average, and place in the schedule."""
    newest = load_run(finished)

    assert (newest.config, newest.progress.images_shown) == (config, 72)
    assert newest.schedule.growth == Growth(1)
    _, tensors = read_checkpoint(finished / "checkpoints" / "checkpoint-0000000072.json")
    for name, value in newest.state.average.state_dict().items():
        assert (value == tensors[f"average/{name}"]).all()


def test_a_damaged_checkpoint_is_named_and_passed_over(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one before it is read."""
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "checkpoints" / "checkpoint-0000000072.safetensors").write_bytes(b"damaged")

    assert load_run(run).progress.images_shown == 64
    assert "passed over: " in capsys.readouterr().err


def test_a_folder_that_is_no_run_says_what_to_do(finished: Path, tmp_path: Path) -> None:
    """Nor is one without checkpoints, or with a configuration of another kind."""
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="the configuration of the run cannot be read"):
        load_run(run)

    shutil.rmtree(run / "checkpoints")
    for folder in (run, tmp_path / "nowhere"):
        with pytest.raises(CheckpointError, match="holds no checkpoint: train it first"):
            load_run(folder)


def with_swd(finished: Path, run: Path, values: dict[int, float]) -> Path:
    """A copy of a run whose journal has these distances, at 8 px, held."""
    shutil.copytree(finished, run)
    where = {"resolution": 8, "alpha": 1.0}
    lines = [{"images_shown": n, **where, "swd": value} for n, value in values.items()]
    (run / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def test_the_best_checkpoint_can_be_read(finished: Path, tmp_path: Path) -> None:
    """The one at the lowest SWD of the journal, or any other that is there."""
    run = with_swd(finished, tmp_path / "run", {64: 1.0, 72: 2.0})
    _, tensors = read_checkpoint(run / "checkpoints" / "checkpoint-0000000064.json")

    best = load_run(run, "best")

    assert best.progress.images_shown == 64
    for name, value in best.state.average.state_dict().items():
        assert (value == tensors[f"average/{name}"]).all()
    assert load_run(run, "72").progress.images_shown == 72


def test_a_tick_without_its_checkpoint_is_not_the_best(finished: Path, tmp_path: Path) -> None:
    """As when a process is killed between the two."""
    run = with_swd(finished, tmp_path / "run", {64: 1.0, 72: 2.0, 80: 0.5})

    assert load_run(run, "best").progress.images_shown == 64


def test_a_checkpoint_that_is_not_there_is_told(finished: Path, tmp_path: Path) -> None:
    """By its images, or as the best of a journal that has none."""
    with pytest.raises(CheckpointError, match=r"no checkpoint after 48 images: there are 16, 32"):
        load_run(finished, "48")
    with pytest.raises(CheckpointError, match="no SWD at 8 px, held; use the newest one"):
        load_run(with_swd(finished, tmp_path / "run", {}), "best")


@pytest.mark.parametrize("word", ["best", "newest", "4000"])
def test_a_checkpoint_is_chosen_by_word_or_number(word: str) -> None:
    """As the commands take it."""
    parser = argparse.ArgumentParser()
    add_checkpoint_argument(parser)

    assert parser.parse_args(["--checkpoint", word]).checkpoint == word
    assert parser.parse_args([]).checkpoint == "newest"


def test_another_word_for_a_checkpoint_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With what is allowed."""
    parser = argparse.ArgumentParser()
    add_checkpoint_argument(parser)

    with pytest.raises(SystemExit):
        parser.parse_args(["--checkpoint", "last"])
    assert "newest, best or a whole number is needed, not 'last'" in capsys.readouterr().err


def test_the_whole_network_is_the_average_itself(finished: Path) -> None:
    """A copy has another memory layout, and exits fitted to it differ in their last bits."""
    loaded = load_run(finished)

    assert loaded.network(None) is loaded.state.average
    assert loaded.network(8) is loaded.state.average
