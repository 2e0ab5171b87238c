"""Statistics for truncated latents: computed once for each checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from tests.training.conftest import Run, train_a_run
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.config.presets import PRESETS
from training.data.stream import Prepared
from training.game import statistics
from training.game.state import TrainingState
from training.game.truncation import with_truncation
from training.run_folder import psi_statistics
from training.run_folder.checkpoint import CheckpointError, Progress, save_checkpoint
from training.run_folder.loaded import settle
from training.run_folder.psi_statistics import with_kept_truncation

CPU = torch.device("cpu")


@pytest.fixture
def biggan(monkeypatch: pytest.MonkeyPatch) -> TrainingConfig:
    """8 px, with statistics of 32 pictures for two values of psi."""
    monkeypatch.setattr(statistics, "STATISTICS_SEEDS", range(4_000_000, 4_000_032))
    network = BigganConfig(8, 3, 8, 4, 128, 8, psi_steps=2)
    levels = (LevelPlan(4, 0, 0, 4), LevelPlan(8, 0, 8, 4))
    return replace(PRESETS["biggan-32"], network=network, levels=levels, precision="fp32")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gets an entry with each computation."""
    compute, calls = psi_statistics.compute_truncation, list[int]()

    def counting(generator: BigganGenerator, on_progress: Callable[[int, int], None]) -> None:
        calls.append(generator.psi_steps)
        compute(generator, on_progress)

    monkeypatch.setattr(psi_statistics, "compute_truncation", counting)
    return calls


def checkpoint_of(
    config: TrainingConfig, folder: Path, images: int
) -> tuple[BigganGenerator, Path]:
    """The averaged generator of a checkpoint, and its record."""
    state = TrainingState.create(config, CPU)
    record = save_checkpoint(folder, state, Progress(images))
    settle(state.average)
    assert isinstance(state.average, BigganGenerator)
    return state.average, record


def tables(generator: object) -> tuple[Tensor, Tensor]:
    """Means and variances."""
    assert isinstance(generator, BigganGenerator)
    return generator.truncated_means, generator.truncated_variances


def same(first: object, second: object) -> bool:
    """True if the statistics are the same to the bit."""
    return all(map(torch.equal, tables(first), tables(second)))


def test_the_second_time_they_are_read(
    biggan: TrainingConfig, tmp_path: Path, computed: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """To the bit those that were computed, which told their progress."""
    average, record = checkpoint_of(biggan, tmp_path / "checkpoints", 4)

    first = with_kept_truncation(average, record)
    told = capsys.readouterr().err
    again = with_kept_truncation(average, record)

    assert computed == [2]
    assert "statistics for truncated latents: 2 of 2 values of psi" in told
    assert capsys.readouterr().err == ""
    assert same(first, again)
    assert same(again, with_truncation(average))
    assert not any(module.training for module in again.modules())


def test_another_checkpoint_has_others(
    biggan: TrainingConfig, tmp_path: Path, computed: list[int]
) -> None:
    """Also one of the same number of images, as after going back."""
    folder = tmp_path / "checkpoints"
    before, record = checkpoint_of(biggan, folder, 4)
    old = with_kept_truncation(before, record)
    average, record = checkpoint_of(replace(biggan, seed=1), folder, 4)

    new = with_kept_truncation(average, record)

    assert computed == [2, 2]
    assert not same(old, new)
    assert same(new, with_truncation(average))


def test_a_run_with_other_values_of_psi_has_others(
    biggan: TrainingConfig, tmp_path: Path, computed: list[int]
) -> None:
    """The number of values is no part of a checkpoint."""
    average, record = checkpoint_of(biggan, tmp_path / "checkpoints", 4)
    with_kept_truncation(average, record)
    network = replace(biggan.network, psi_steps=3)
    other, _ = checkpoint_of(replace(biggan, network=network), tmp_path / "other", 4)

    with_kept_truncation(other, record)

    assert computed == [2, 3]


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_damaged_file_is_made_anew(
    biggan: TrainingConfig, tmp_path: Path, computed: list[int], damage: str
) -> None:
    """And no value of it is used."""
    average, record = checkpoint_of(biggan, tmp_path / "checkpoints", 4)
    with_kept_truncation(average, record)
    (path,) = record.parent.glob("*-psi.safetensors")
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes({"flipped": flipped, "cut": content[:-9], "empty": b""}[damage])

    again = with_kept_truncation(average, record)

    assert same(again, with_truncation(average))
    assert same(again, with_kept_truncation(average, record))
    assert computed == [2, 2]


def test_they_live_as_long_as_their_checkpoint(biggan: TrainingConfig, tmp_path: Path) -> None:
    """Training goes on, and deletes the second checkpoint of a doubling with its statistics."""
    folder = tmp_path / "checkpoints"
    for images in (4, 5):
        with_kept_truncation(*checkpoint_of(biggan, folder, images))
    for images in (6, 7):
        checkpoint_of(biggan, folder, images)

    assert [path.name for path in folder.glob("*-psi.safetensors")] == [
        "checkpoint-0000000004-psi.safetensors"
    ]


def test_without_a_place_for_them_they_are_used_all_the_same(
    biggan: TrainingConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a run folder that may only be read; the reason is told."""

    def refuse(_path: Path, _content: bytes) -> None:
        raise PermissionError("read-only")

    average, record = checkpoint_of(biggan, tmp_path / "checkpoints", 4)
    monkeypatch.setattr(psi_statistics, "write_file", refuse)

    assert same(with_kept_truncation(average, record), with_truncation(average))
    assert "are not kept: read-only" in capsys.readouterr().err


def test_a_damaged_record_is_named(biggan: TrainingConfig, tmp_path: Path) -> None:
    """Without its digest nothing can be kept for it."""
    average, record = checkpoint_of(biggan, tmp_path / "checkpoints", 4)
    record.write_text(json.dumps({}))

    with pytest.raises(CheckpointError, match="cannot be read"):
        with_kept_truncation(average, record)


def test_other_families_are_left_alone(tmp_path: Path) -> None:
    """They need no checkpoint."""
    generator = Generator(ProganConfig(8, 3, 8, 32, 8))

    assert with_kept_truncation(generator, tmp_path / "none.json") is generator


def test_a_psi_that_is_too_large_is_refused_before_anything_is_computed(
    biggan: TrainingConfig,
    run: Run,
    prepared: Prepared,
    tmp_path: Path,
    computed: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The statistics of a large run take minutes."""
    folder = train_a_run(biggan, prepared, tmp_path / "run")
    words = ("generate", "--run", folder, "--seeds", "1", "--out", tmp_path / "out")

    assert run(*words, "--psi", "1.2") == 2
    assert "--psi: 0 to 1 are possible here, not 1.2" in capsys.readouterr().err
    assert computed == []
    assert run(*words, "--psi", "0.5") == 0
    assert computed == [2]
