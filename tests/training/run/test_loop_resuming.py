"""Going on with a run is as if it had never stopped."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch

from tests.training.conftest import FullDisk
from tests.training.run.watched_runs import (
    Watching,
    go,
    go_on_after_kills,
    lasting,
    launch_ahead,
    terminate,
)
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.run_folder.journal import read_lines


def test_a_run_that_launches_ahead_is_the_same_run(
    config: TrainingConfig,
    prepared: Prepared,
    tmp_path: Path,
    undisturbed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batches read ahead, numbers read a step late, also when it is killed in between."""
    launch_ahead(monkeypatch)
    go_on_after_kills(config, prepared, tmp_path / "run", 20, 44)

    assert lasting(tmp_path / "run") == lasting(undisturbed)


def test_a_terminated_run_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """Between two ticks, in the middle of a fade, and right on a tick."""
    run, said = tmp_path / "run", ""
    for stop in (8, 36, 48):
        said += go(config, prepared, run, Watching(stop, terminate))
        assert max((run / "checkpoints").glob("*.json")).name == f"checkpoint-{stop:010d}.json"

    said += go(config, prepared, run)

    assert re.findall(r"resuming after (\d+) images", said) == ["8", "36", "48"]
    assert "resuming after 36 images, 8 px fading in, alpha 0.50\n" in said
    assert lasting(run) == lasting(undisturbed)


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """Or from the start; what was journalled after it is written again, in the same bytes."""
    go_on_after_kills(config, prepared, tmp_path / "run", 4, 36, 48, 72)

    assert lasting(tmp_path / "run") == lasting(undisturbed)


def test_a_run_killed_before_its_checkpoint_writes_its_journal_line_once(
    config: TrainingConfig,
    prepared: Prepared,
    tmp_path: Path,
    undisturbed: Path,
    full_disk: FullDisk,
) -> None:
    """The disk fills up between grid and checkpoint: the line is there, the checkpoint is not."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(36, terminate))
    largest = max(path.stat().st_size for path in (undisturbed / "samples").iterdir())
    with full_disk(largest + 100), pytest.raises(OSError, match="File too large"):
        go(config, prepared, run)
    assert read_lines(run / "journal.jsonl")[-1]["images_shown"] == 48

    go(config, prepared, run)

    assert lasting(run) == lasting(undisturbed)


def test_stopping_again_and_again_changes_nothing(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """After every single step."""
    for stop in range(4, 73, 4):
        go(config, prepared, tmp_path / "run", Watching(stop, terminate))

    assert lasting(tmp_path / "run") == lasting(undisturbed)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """And the run still ends in the same bytes."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(52, terminate))
    (run / "checkpoints" / "checkpoint-0000000052.safetensors").write_bytes(b"damaged")

    said = go(config, prepared, run)

    assert "passed over: " in said
    assert "checkpoint-0000000052.safetensors is damaged" in said
    assert "resuming after 48 images" in said
    assert lasting(run) == lasting(undisturbed)


def test_adam_forgets_at_each_phase_and_never_in_between(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """Nor when a run is taken up again: six steps of the last phase are counted."""
    config = with_values(config, reset_optimizer=True)
    run = tmp_path / "run"
    for stop in (36, 48, 60):
        go(config, prepared, run, Watching(stop, terminate))

    go(config, prepared, run)

    tensors = safetensors.torch.load_file(run / "checkpoints" / "checkpoint-0000000072.safetensors")
    assert tensors["generator_adam/stem.conv.weight/step"].item() == 6.0
    assert tensors["discriminator_adam/head.conv.weight/step"].item() == 6.0


def test_without_forgetting_adam_counts_every_step(undisturbed: Path) -> None:
    """18 of them."""
    path = undisturbed / "checkpoints" / "checkpoint-0000000072.safetensors"

    tensors = safetensors.torch.load_file(path)
    assert tensors["generator_adam/stem.conv.weight/step"].item() == 18.0


@pytest.mark.parametrize("labels", ["projection", "acgan"])
@pytest.mark.slow
def test_a_killed_run_with_classes_goes_on_as_if_it_had_never_stopped(
    conditional: TrainingConfig, labelled: Prepared, tmp_path: Path, labels: str
) -> None:
    """In the middle of the fade, and after it; by either way to know classes."""
    config = with_values(conditional, labels=labels)
    go(config, labelled, tmp_path / "whole")

    go_on_after_kills(config, labelled, tmp_path / "run", 28, 52)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")


def test_a_killed_run_with_augmentation_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """The same draws, and a steered strength where it was, also between two of its changes."""
    config = with_values(
        config,
        objective="logistic-r1",
        augment="color,translation,cutout",
        augment_target=0.3,
        augment_ramp_images=100,
    )
    go(config, prepared, tmp_path / "whole")

    go_on_after_kills(config, prepared, tmp_path / "run", 28, 52, 60)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")
    lines = read_lines(tmp_path / "run" / "journal.jsonl")
    strengths = [line["augment_strength"] for line in lines]
    assert strengths[0] == 0.0
    assert len(set(strengths)) > 1


def test_a_killed_run_in_bf16_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """With its rounding, in the middle of the fade and after it."""
    config = replace(config, precision="bf16")
    go(config, prepared, tmp_path / "whole")

    go_on_after_kills(config, prepared, tmp_path / "run", 28, 52)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")


def test_a_killed_run_on_pictures_of_16_bits_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, make_prepared: Callable[..., Prepared], tmp_path: Path
) -> None:
    """In the middle of the fade; the loader gives the same numbers."""
    deep = make_prepared(value_range=(0.0, 4095.0))
    config = replace(config, network=replace(config.network, channels=1))
    go(config, deep, tmp_path / "whole")

    go_on_after_kills(config, deep, tmp_path / "run", 28)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")
