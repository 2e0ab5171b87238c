"""Checkpoints: exact, whole or named, and never more than two."""

import json
import os
import stat
import struct
from pathlib import Path

import pytest

from tests.training.conftest import FullDisk
from tests.training.run_folder.checkpoint_files import CPU, equal, names, pair, play
from training.config.config import TrainingConfig
from training.game.state import TrainingState
from training.run_folder import checkpoint
from training.run_folder.checkpoint import (
    CheckpointError,
    Progress,
    checkpoint_at,
    load_at,
    load_newest,
    older_kept,
    save_checkpoint,
)
from training.run_folder.tensors import tensors_of

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


def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(
    folder: Path, fresh: TrainingState
) -> None:
    """They can be asked for in its place."""
    with pytest.raises(CheckpointError, match="no checkpoint after 37 images: there are 36, 40"):
        load_at(folder, 37, fresh)
    with pytest.raises(CheckpointError, match="no checkpoint after 1 images: there is none"):
        load_at(folder / "none", 1, fresh)


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


def test_a_partial_file_that_its_process_has_just_renamed_does_no_harm(
    folder: Path, state: TrainingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of `generate --psi` of a run that is being trained: found first, then gone."""
    partial = folder / ".checkpoint-0000000040-psi.safetensors.partial"
    partial.touch()
    unlink = Path.unlink

    def renamed_before(path: Path, missing_ok: bool = False) -> None:
        if path == partial:
            partial.replace(folder / partial.name[1:].removesuffix(".partial"))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", renamed_before)
    save_checkpoint(folder, state, Progress(44))

    assert (folder / "checkpoint-0000000040-psi.safetensors").exists()


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
