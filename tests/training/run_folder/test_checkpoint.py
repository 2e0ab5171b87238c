"""Checkpoints: exact, whole or named, and never more than two."""

import json
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.families.progan.config import ProganConfig
from tests.training.conftest import FullDisk
from training.config.config import TrainingConfig
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.run_folder import checkpoint
from training.run_folder.checkpoint import (
    CheckpointError,
    Progress,
    checkpoint_at,
    load_at,
    load_newest,
    older_kept,
    read_checkpoint,
    save_checkpoint,
)
from training.run_folder.tensors import tensors_of

CPU = torch.device("cpu")


def play(state: TrainingState, config: TrainingConfig, images_shown: int) -> None:
    """One step of fading in at random pictures."""
    schedule = schedule_at(images_shown, config)
    size = schedule.growth.resolution
    pixels = np.random.default_rng(images_shown).integers(0, 256, (4, size, size, 3), np.uint8)
    take_step(state, schedule, config, pixels)


@pytest.fixture
def state(config: TrainingConfig) -> TrainingState:
    """Two steps into the fade: Adam has moments of every awake weight."""
    state = TrainingState.create(config, CPU)
    for images_shown in (32, 36):
        play(state, config, images_shown)
    return state


@pytest.fixture
def folder(tmp_path: Path, state: TrainingState) -> Path:
    """Two checkpoints, after 36 and 40 images."""
    folder = tmp_path / "checkpoints"
    for images in (36, 40):
        save_checkpoint(folder, state, Progress(images))
    return folder


@pytest.fixture
def fresh(config: TrainingConfig) -> TrainingState:
    """Players that have never played, of another seed."""
    return TrainingState.create(replace(config, seed=1), CPU)


def names(folder: Path) -> list[str]:
    """All files, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def pair(images: int) -> list[str]:
    """The two files of a checkpoint."""
    return [f"checkpoint-{images:010d}.json", f"checkpoint-{images:010d}.safetensors"]


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """The same names and the same bits."""
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


# ----------------------------------------------------------------------------------------
# There and back


def test_everything_comes_back_exactly(
    tmp_path: Path, state: TrainingState, fresh: TrainingState
) -> None:
    """Weights, average, Adam's moments and step counts, and the sums since the last line."""
    sums, strength = {"r1": 1 / 3, "generator": -2e-17}, {"p": 1 / 7, "signs": 0.1, "steps": 3}
    progress = Progress(40, 1, sums, 12, 7.25, strength)
    save_checkpoint(tmp_path / "checkpoints", state, progress)

    assert load_newest(tmp_path / "checkpoints", fresh) == (progress, [])
    assert equal(tensors_of(fresh), tensors_of(state))


def test_whoever_may_read_new_files_may_read_a_checkpoint(folder: Path) -> None:
    """Tensors and record, as the umask has it: another user may evaluate or export."""
    old = os.umask(0o022)
    os.umask(old)

    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o666 & ~old}


def test_the_next_step_is_the_one_that_would_have_been(
    folder: Path, state: TrainingState, fresh: TrainingState, config: TrainingConfig
) -> None:
    """Bit for bit, with the memory layout of the weights and of Adam's moments."""
    load_newest(folder, fresh)
    for each in (state, fresh):
        play(each, config, 40)
        play(each, config, 44)

    assert equal(tensors_of(fresh), tensors_of(state))


def test_a_level_that_never_woke_has_no_moments(
    tmp_path: Path, config: TrainingConfig, fresh: TrainingState
) -> None:
    """Nor has it after it was loaded, whatever the optimiser held before."""
    state = TrainingState.create(config, CPU)
    play(state, config, 0)
    save_checkpoint(tmp_path / "checkpoints", state, Progress(4))
    play(fresh, config, 60)

    load_newest(tmp_path / "checkpoints", fresh)

    assert equal(tensors_of(fresh), tensors_of(state))
    assert not any(name.startswith("generator_adam/levels") for name in tensors_of(fresh))


def test_a_run_without_checkpoints_starts_fresh(tmp_path: Path, state: TrainingState) -> None:
    """With the weights it has."""
    before = {k: v.clone() for k, v in tensors_of(state).items()}

    assert load_newest(tmp_path / "checkpoints", state) == (Progress(), [])
    assert equal(tensors_of(state), before)


def test_a_loaded_checkpoint_is_never_written_to(
    folder: Path, fresh: TrainingState, config: TrainingConfig
) -> None:
    """Going on from it does not change the file."""
    path = folder / pair(40)[1]
    before = path.read_bytes()
    load_newest(folder, fresh)

    play(fresh, config, 40)

    assert path.read_bytes() == before


def test_a_checkpoint_is_plain_json_and_plain_tensors(folder: Path) -> None:
    """Read here without any of our code: a length, a JSON header, raw numbers; no pickle."""
    record = json.loads((folder / pair(40)[0]).read_text())
    raw = (folder / pair(40)[1]).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)

    assert {entry["dtype"] for entry in header.values()} == {"F32"}
    assert max(e["data_offsets"][1] for e in header.values()) + 8 + length == len(raw)
    of_progress = {"images_shown", "phase", "sums", "sum_images", "seconds", "augment"}
    assert set(record) == of_progress | {"sha256", "seal"}


# ----------------------------------------------------------------------------------------
# Two are kept, and the best


def test_the_newest_two_and_the_first_of_a_doubling_are_kept(
    folder: Path, state: TrainingState
) -> None:
    """36 is the first from 32 to 63; nothing else is left."""
    for images in (44, 48, 68, 72, 76):
        save_checkpoint(folder, state, Progress(images))

    assert names(folder) == sorted(pair(36) + pair(68) + pair(72) + pair(76))


def test_older_checkpoints_are_bounded_in_number_and_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of them stay."""
    records = [checkpoint_at(tmp_path, 1 << n) for n in range(10)]
    for record in records:
        record.with_suffix(".safetensors").write_bytes(b"0" * 100)

    assert older_kept(records) == records[:3:-1]
    monkeypatch.setattr(checkpoint, "KEPT_OLDER_BYTES", 250)
    assert older_kept(records) == records[:-3:-1]


def test_further_checkpoints_are_kept_for_as_long_as_they_are_named(
    folder: Path, state: TrainingState, fresh: TrainingState
) -> None:
    """The best one, with its tensors; one that is not there is no mistake."""
    save_checkpoint(folder, state, Progress(44), also={36, 12})
    assert names(folder) == sorted(pair(36) + pair(40) + pair(44))
    assert load_at(folder, 36, fresh) == Progress(36)

    save_checkpoint(folder, state, Progress(48), also={36})
    assert names(folder) == sorted(pair(36) + pair(44) + pair(48))

    save_checkpoint(folder, state, Progress(52), also={44})
    assert names(folder) == sorted(pair(36) + pair(44) + pair(48) + pair(52))


def test_what_a_killed_process_left_is_cleared_away(folder: Path, state: TrainingState) -> None:
    """Half-written files of ours and of safetensors, and tensors without a record."""
    for name in ("checkpoint-0000000042.partial", ".tmpXYZ", pair(42)[1]):
        (folder / name).write_bytes(b"half")

    save_checkpoint(folder, state, Progress(44))

    assert names(folder) == sorted(pair(36) + pair(40) + pair(44))


def test_tensors_without_their_record_are_no_checkpoint(folder: Path, fresh: TrainingState) -> None:
    """A process killed between the two: the one before is used, and nothing was damaged."""
    (folder / pair(40)[0]).unlink()

    assert load_newest(folder, fresh) == (Progress(36), [])


def test_a_damaged_checkpoint_is_not_one_of_the_two(
    folder: Path, state: TrainingState, fresh: TrainingState
) -> None:
    """A run that went on from the one before replaces it, and keeps the whole one."""
    (folder / pair(40)[1]).write_bytes(b"damaged")
    load_newest(folder, fresh)

    save_checkpoint(folder, state, Progress(38))

    assert names(folder) == sorted(pair(36) + pair(38))


# ----------------------------------------------------------------------------------------
# Damage


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


# ----------------------------------------------------------------------------------------
# A full disk


@pytest.mark.parametrize("size", [0, 50, 10_000])
def test_a_full_disk_leaves_the_checkpoints_before_it_whole(
    folder: Path, state: TrainingState, fresh: TrainingState, full_disk: FullDisk, size: int
) -> None:
    """And no half a file; it is an error of the system, like any full disk."""
    before = {name: (folder / name).read_bytes() for name in names(folder)}

    with full_disk(size), pytest.raises(OSError, match="File too large"):
        save_checkpoint(folder, state, Progress(44))

    assert {name: (folder / name).read_bytes() for name in names(folder)} == before
    assert load_newest(folder, fresh) == (Progress(40), [])


def test_a_disk_that_fills_up_before_the_record_leaves_no_tensors_either(
    folder: Path, state: TrainingState, full_disk: FullDisk
) -> None:
    """They would take the room that is needed to go on."""
    large = {f"term {n}": n / 3 for n in range(20_000)}

    with full_disk(300_000), pytest.raises(OSError, match="File too large"):
        save_checkpoint(folder, state, Progress(44, sums=large))

    assert names(folder) == sorted(pair(36) + pair(40))


def test_going_on_after_a_full_disk_works(
    folder: Path, state: TrainingState, fresh: TrainingState, full_disk: FullDisk
) -> None:
    """The same players can be saved once there is room."""
    with full_disk(10_000), pytest.raises(OSError, match="File too large"):
        save_checkpoint(folder, state, Progress(44))

    save_checkpoint(folder, state, Progress(44))

    assert load_newest(folder, fresh)[0] == Progress(44)
    assert equal(tensors_of(fresh), tensors_of(state))
