"""Damaged checkpoints, and those of other networks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.families.progan.config import ProganConfig
from tests.training.run_folder.checkpoint_files import CPU, equal, pair
from training.config.config import TrainingConfig
from training.game.state import TrainingState
from training.run_folder.checkpoint import (
    CheckpointError,
    Progress,
    load_newest,
    read_checkpoint,
    save_checkpoint,
)
from training.run_folder.tensors import tensors_of


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def cut(path: Path) -> None:
    """Lose the second half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    """Lose everything."""
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip, cut, empty, Path.unlink])
def test_damaged_tensors_are_named_and_the_one_before_is_used(
    folder: Path, state: TrainingState, fresh: TrainingState, damage: Callable[[Path], None]
) -> None:
    """However they came to harm."""
    damage(folder / pair(40)[1])

    progress, damaged = load_newest(folder, fresh)

    assert progress == Progress(36)
    assert len(damaged) == 1
    assert "checkpoint-0000000040" in damaged[0]
    assert equal(tensors_of(fresh), tensors_of(state))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", "{}", '{"sha256": "x"}', '{"sha256": "x", "colour": 1}']
)
def test_a_damaged_record_is_named_and_the_one_before_is_used(
    folder: Path, fresh: TrainingState, text: str
) -> None:
    """Cut, or of another kind."""
    (folder / pair(40)[0]).write_text(text)

    progress, damaged = load_newest(folder, fresh)

    assert progress == Progress(36)
    assert len(damaged) == 1
    assert "checkpoint-0000000040" in damaged[0]


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ('"images_shown": 40', '"images_shown": 44'),
        ('"phase": -1', '"phase": 1'),
        ('"seconds": 0.0', '"seconds": 9.0'),
        ('"sum_images": 0', '"sum_images": 8'),
        ('"sums": {}', '"sums": {"r1": 1.0}'),
        ('"seal"', '"meal"'),
    ],
)
def test_a_changed_value_of_a_record_is_damage(
    folder: Path, fresh: TrainingState, written: str, changed: str
) -> None:
    """Though it can be read, and the tensors are whole."""
    record = folder / pair(40)[0]
    text = record.read_text()
    assert written in text
    record.write_text(text.replace(written, changed))

    progress, damaged = load_newest(folder, fresh)

    assert progress == Progress(36)
    assert len(damaged) == 1
    assert "checkpoint-0000000040.json" in damaged[0]


def test_a_record_that_is_no_text_is_damaged_too(folder: Path) -> None:
    """Bytes that are no UTF-8."""
    (folder / pair(40)[0]).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(CheckpointError, match=r"checkpoint-0000000040\.json cannot be read"):
        read_checkpoint(folder / pair(40)[0])


def test_two_damaged_checkpoints_are_refused(folder: Path, fresh: TrainingState) -> None:
    """Rather than starting anew without a word; both are named."""
    for images in (36, 40):
        cut(folder / pair(images)[1])

    with pytest.raises(CheckpointError, match="no checkpoint is whole") as caught:
        load_newest(folder, fresh)

    assert "checkpoint-0000000036" in str(caught.value)
    assert "checkpoint-0000000040" in str(caught.value)


@pytest.mark.parametrize(
    "network",
    [
        ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=4),
        ProganConfig(16, latent_size=8, fmap_base=32, fmap_max=8),
        ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8, channels=1),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(
    folder: Path, config: TrainingConfig, network: ProganConfig
) -> None:
    """Of other widths, more levels or other colours; going back one would not help."""
    levels = (*config.levels, replace(config.levels[1], resolution=16))[: network.top_level + 1]
    other = TrainingState.create(replace(config, network=network, levels=levels), CPU)

    with pytest.raises(CheckpointError, match="is of another network"):
        load_newest(folder, other)


def test_a_checkpoint_of_a_larger_network_is_refused(
    tmp_path: Path, config: TrainingConfig, fresh: TrainingState
) -> None:
    """Its other levels are not dropped without a word."""
    large = replace(
        config,
        network=replace(config.network, resolution=16, fmap_base=64),
        levels=(*config.levels, replace(config.levels[1], resolution=16)),
    )
    save_checkpoint(tmp_path / "checkpoints", TrainingState.create(large, CPU), Progress(4))

    with pytest.raises(CheckpointError, match="unknown tensors, among them average/exits.2.bias"):
        load_newest(tmp_path / "checkpoints", fresh)
