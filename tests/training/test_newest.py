"""The newest state of a run, read back."""

import shutil
from pathlib import Path

import pytest

from models.growth import Growth
from training.checkpoint import CheckpointError, read_checkpoint
from training.config import ConfigError, TrainingConfig
from training.newest import load_run


def test_a_run_is_read_back_where_it_stands(finished: Path, config: TrainingConfig) -> None:
    """Configuration, weights of the average, and place in the schedule."""
    newest = load_run(finished)

    assert (newest.config, newest.progress.images_shown) == (config, 72)
    assert newest.moment.growth == Growth(1)
    _, tensors = read_checkpoint(finished / "checkpoints" / "checkpoint-0000000072.json")
    for name, value in newest.players.average.state_dict().items():
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
