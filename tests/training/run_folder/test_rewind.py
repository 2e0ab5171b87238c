"""Going back to an older checkpoint: nothing is lost, and the run is as it was then."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import CONFIG_FILE, TrainingConfig
from training.config.groups import Change
from training.run_folder.checkpoint import CHECKPOINTS, PATTERN, CheckpointError, images_of
from training.run_folder.resume import newest_images_shown, read_config
from training.run_folder.rewind import ABANDONED, rewind


@pytest.fixture
def run_folder(finished: Path, tmp_path: Path) -> Path:
    """A finished run, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def images(run: Path) -> list[int]:
    """The images shown at its checkpoints."""
    return sorted(map(images_of, (run / CHECKPOINTS).glob(PATTERN)))


def test_what_came_after_is_moved_and_not_deleted(run_folder: Path, config: TrainingConfig) -> None:
    """With the journal and the configuration as they were; changes of that time are dropped."""
    before, journal = images(run_folder), (run_folder / "journal.jsonl").read_bytes()
    changes = tuple(Change(n, ("penalty_weight=1",)) for n in (before[0], before[-1]))
    (run_folder / CONFIG_FILE).write_text(replace(config, changes=changes).to_json())

    said = rewind(run_folder, str(before[0]))

    (place,) = (run_folder / ABANDONED).iterdir()
    assert str(place) in said
    assert images(run_folder) == before[:1]
    assert sorted(images_of(path) for path in place.glob(PATTERN)) == before[1:]
    assert (place / "journal.jsonl").read_bytes() == journal
    assert read_config(run_folder / CONFIG_FILE).changes == changes[:1]


def test_the_best_may_be_asked_for(run_folder: Path) -> None:
    """And the newest is where the run stands already."""
    newest = newest_images_shown(run_folder)
    assert rewind(run_folder, "newest") == ""

    rewind(run_folder, "best")

    assert newest_images_shown(run_folder) <= newest


def test_a_checkpoint_that_is_not_there_changes_nothing(run_folder: Path) -> None:
    """The message lists those that are."""
    before = images(run_folder)
    with pytest.raises(CheckpointError, match=f"after 7 images: there are {before[0]}, "):
        rewind(run_folder, "7")

    assert images(run_folder) == before
    assert not (run_folder / ABANDONED).exists()


def test_a_damaged_checkpoint_is_not_gone_back_to(run_folder: Path) -> None:
    """What came after it may be all there is."""
    before = images(run_folder)
    tensors = run_folder / CHECKPOINTS / f"checkpoint-{before[0]:010d}.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1])

    with pytest.raises(CheckpointError, match="damaged"):
        rewind(run_folder, str(before[0]))

    assert images(run_folder) == before
