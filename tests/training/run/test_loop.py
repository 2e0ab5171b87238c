"""A run: what it leaves behind, how it stops, and that going on is as if it had never stopped."""

import io
import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from rich.console import Console

from tests.training.conftest import FullDisk
from tests.training.settings import with_values
from training.config.config import ConfigError, LevelPlan, TrainingConfig
from training.config.history import config_at
from training.config.overrides import apply_settings
from training.data.stream import Prepared
from training.game import games, optimise
from training.game.optimise import NonFiniteLossError
from training.game.schedule import ScheduleState
from training.run import loop
from training.run.display import Display
from training.run.loop import is_tick, train
from training.run.validation import check_data
from training.run_folder.journal import read_lines
from training.run_folder.resume import continue_config, keep_config, read_config

CPU = torch.device("cpu")
TICKS = [16, 24, 32, 48, 64, 72]  # every 16 images, and where a phase ends


class Interrupted(Exception):
    """What a display raises when it plays a process that is killed."""


class Watching(Display):
    """A display that keeps what is said, and does something after so many images."""

    def __init__(self, after: int = -1, act: Callable[[], None] | None = None) -> None:
        self.file = io.StringIO()
        super().__init__(72, Console(file=self.file, soft_wrap=True))
        self.after = after
        self.act = act

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """Act in the middle of a run."""
        super().update(schedule, images_shown, rate)
        if images_shown == self.after and self.act:
            self.act()


def interrupt() -> None:
    """Nothing is saved any more."""
    raise Interrupted


def terminate() -> None:
    """The signal that a machine sends before it goes down."""
    os.kill(os.getpid(), signal.SIGTERM)


def go(
    config: TrainingConfig, prepared: Prepared, run: Path, display: Watching | None = None
) -> str:
    """Train, or go on training; what was said."""
    display = display or Watching()
    train(config, prepared, run, CPU, display)
    return display.file.getvalue()


def go_on_after_kills(config: TrainingConfig, prepared: Prepared, run: Path, *stops: int) -> None:
    """A run that is killed after so many images, again and again, and comes to its end at last."""
    for stop in stops:
        with pytest.raises(Interrupted):
            go(config, prepared, run, Watching(stop, interrupt))
    go(config, prepared, run)


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes of everything that must not depend on interruptions; records without the time."""
    paths = [run / "config.json", run / "data.json", run / "journal.jsonl"]
    paths += sorted((run / "samples").iterdir())
    newest = max((run / "checkpoints").glob("*.json"))
    record = json.loads(newest.read_text())
    del record["seconds"], record["seal"]  # the seal covers the time, too
    kept = {path.name: path.read_bytes() for path in (*paths, newest.with_suffix(".safetensors"))}
    return kept | {newest.name: json.dumps(record).encode()}


@pytest.fixture(scope="module")
def undisturbed(
    config: TrainingConfig, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run from its first to its last image."""
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    torch.set_num_threads(1)
    go(config, prepared, run)
    return run


# ----------------------------------------------------------------------------------------
# What a run leaves behind


def test_a_finished_run_has_all_its_files(undisturbed: Path) -> None:
    """Settings, origin, journal, timing, grids, page and checkpoints; nothing half."""
    files = {str(path.relative_to(undisturbed)) for path in undisturbed.rglob("*.*")}

    grids = ["000000016-0004px", "000000024-0004px"]
    grids += [f"{images:09d}-0008px" for images in (32, 48, 64, 72)]
    checkpoints = [f"checkpoint-{images:010d}" for images in (16, 32, 64, 72)]
    assert files == {
        *("config.json", "data.json", "journal.jsonl", "timing.jsonl", "report.html"),
        "report/lookalikes.webp",
        *(f"report/{grid}.webp" for grid in grids),
        *(f"samples/{grid}.png" for grid in grids),
        *(f"checkpoints/{name}.{kind}" for name in checkpoints for kind in ("json", "safetensors")),
    }


def test_the_journal_tells_where_the_run_stood(undisturbed: Path) -> None:
    """One line per tick and per end of a phase: growth, batch, rate and every term."""
    lines = read_lines(undisturbed / "journal.jsonl")

    assert [line["images_shown"] for line in lines] == TICKS
    assert [line["resolution"] for line in lines] == [4, 4, 8, 8, 8, 8]
    assert [line["alpha"] for line in lines] == [1.0, 1.0, 4 / 24, 20 / 24, 1.0, 1.0]
    assert [line["learning_rate"] for line in lines] == [0.001] * 2 + [0.002] * 4
    assert {line["batch_size"] for line in lines} == {4}
    terms = {"relativistic", "r1", "r2", "score_real", "score_fake", "generator"}
    terms |= {"swd", "diversity", "distinctness"}
    assert all(terms <= set(line) for line in lines)


def test_the_journal_does_not_tell_the_time(undisturbed: Path) -> None:
    """That is in a file of its own, which another run does not repeat."""
    timing = read_lines(undisturbed / "timing.jsonl")

    assert "seconds" not in (undisturbed / "journal.jsonl").read_text()
    assert [line["images_shown"] for line in timing] == TICKS
    assert all(set(t) == {"images_shown", "seconds", "images_per_second"} for t in timing)


def test_the_grids_watch_the_average_learn(undisturbed: Path) -> None:
    """The same seeds each time, so that the pictures differ only by what was learned."""
    grids = [np.asarray(Image.open(p)) for p in sorted((undisturbed / "samples").iterdir())]

    assert {grid.shape for grid in grids} == {(6 * 64, 8 * 64, 3)}
    assert all((a != b).any() for a, b in pairwise(grids))


def test_every_tick_is_told(config: TrainingConfig, prepared: Prepared, tmp_path: Path) -> None:
    """In a log, one line each with growth, images, rate and time left."""
    said = go(config, prepared, tmp_path / "run")

    lines = [line for line in said.splitlines() if " of 72 images " in line]
    assert len(lines) == len(TICKS)
    assert re.match(
        r"8 px fading in, alpha 0\.83  48 of 72 images  [\d.]+ images/s  about "
        r"0 min \d\d s left  relativistic ",
        lines[3],
    )


def test_the_same_command_gives_the_same_run(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """Byte for byte."""
    go(config, prepared, tmp_path / "run")

    assert lasting(tmp_path / "run") == lasting(undisturbed)


def launch_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on the CPU as on a device that computes meanwhile: nothing is awaited in a step."""
    monkeypatch.setattr(loop, "is_asynchronous", lambda _: True)
    monkeypatch.setattr(games, "is_asynchronous", lambda _: True)
    monkeypatch.setattr(optimise, "can_skip_steps", lambda _: True)


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


def test_a_finished_run_is_left_as_it_is(
    config: TrainingConfig, prepared: Prepared, undisturbed: Path
) -> None:
    """The same command once more plays no step."""
    before = lasting(undisturbed)

    said = go(config, prepared, undisturbed, Watching(76, interrupt))

    assert "resuming after 72 images, 8 px held" in said
    assert lasting(undisturbed) == before


# ----------------------------------------------------------------------------------------
# Going on


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


# ----------------------------------------------------------------------------------------
# What is refused


def test_another_configuration_is_refused(
    config: TrainingConfig, prepared: Prepared, undisturbed: Path
) -> None:
    """The message names what differs; nothing is touched."""
    before = lasting(undisturbed)

    with pytest.raises(ConfigError, match="begun with other values of drift, seed: repeat the"):
        go(with_values(config, seed=1, drift=0.5), prepared, undisturbed)

    assert lasting(undisturbed) == before


def test_a_run_that_is_being_trained_is_left_alone(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path, undisturbed: Path
) -> None:
    """A second command on the same folder is refused in the midst of the first, which goes on."""

    def again() -> None:
        with pytest.raises(ConfigError, match="is being trained by another process"):
            go(config, prepared, tmp_path / "run")

    go(config, prepared, tmp_path / "run", Watching(36, again))

    assert lasting(tmp_path / "run") == lasting(undisturbed)


def test_other_pictures_are_refused(
    config: TrainingConfig, undisturbed: Path, make_prepared: Callable[..., Prepared]
) -> None:
    """Even if there are as many of the same size."""
    with pytest.raises(ConfigError, match="begun with other pictures"):
        go(config, make_prepared(seed=1), undisturbed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 3}, "has 3 pictures, fewer than the largest batch of 4: prepare more, or use"),
        ({"resolution": 4}, "has pictures of up to 4 px, the preset tiny needs 8 px: prepare them"),
        ({"channels": 1}, "has 1 channels per picture, the preset tiny has 3: prepare with --chan"),
    ],
)
def test_pictures_that_cannot_train_are_refused_before_any_work(
    config: TrainingConfig,
    make_prepared: Callable[..., Prepared],
    tmp_path: Path,
    options: dict[str, int],
    message: str,
) -> None:
    """Too few, too small, or of another kind of colour; no run folder is made."""
    with pytest.raises(ConfigError, match=message):
        go(config, make_prepared(**options), tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_larger_pictures_than_needed_are_welcome(
    config: TrainingConfig, make_prepared: Callable[..., Prepared]
) -> None:
    """Their smaller versions are there."""
    larger = make_prepared(resolution=16, count=4)

    check_data(config, larger)

    assert larger.manifest.resolution > config.network.resolution


@pytest.mark.parametrize("ahead", [False, True])
def test_a_game_that_breaks_down_leaves_the_last_checkpoint_whole(
    config: TrainingConfig,
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ahead: bool,
) -> None:
    """With a learning rate beyond all measure."""
    run = tmp_path / "run"
    wild = replace(config, levels=(config.levels[0], LevelPlan(8, 24, 24, 4, 1e30)))
    if ahead:
        launch_ahead(monkeypatch)

    with pytest.raises(NonFiniteLossError, match="not finite after 2[48] images, at 8 px"):
        go(wild, prepared, run)

    last = run / "checkpoints" / "checkpoint-0000000024.safetensors"
    assert all(t.isfinite().all() for t in safetensors.torch.load_file(last).values())


# ----------------------------------------------------------------------------------------
# Ticks


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 4, False),
        (12, 16, True),
        (14, 18, True),
        (16, 20, False),
        (20, 24, True),
        (44, 48, True),
        (64, 68, False),
    ],
)
def test_a_tick_is_a_multiple_passed_or_a_phase_ended(
    config: TrainingConfig, before: int, after: int, expected: bool
) -> None:
    """Known from images shown alone, so that a resumed run ticks where it would have."""
    assert is_tick(before, after, config) is expected


# ----------------------------------------------------------------------------------------
# Classes


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


# ----------------------------------------------------------------------------------------
# Augmentation


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


def test_a_fixed_strength_is_journalled_as_it_is(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """And nothing of it where there is no augmentation."""
    go(with_values(config, augment="color", augment_strength=0.5), prepared, tmp_path / "run")
    go(config, prepared, tmp_path / "plain")

    lines = read_lines(tmp_path / "run" / "journal.jsonl")
    assert {line["augment_strength"] for line in lines} == {0.5}
    assert "augment_strength" not in (tmp_path / "plain" / "journal.jsonl").read_text()


# ----------------------------------------------------------------------------------------
# bf16


def test_a_killed_run_in_bf16_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """With its rounding, in the middle of the fade and after it."""
    config = replace(config, precision="bf16")
    go(config, prepared, tmp_path / "whole")

    go_on_after_kills(config, prepared, tmp_path / "run", 28, 52)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")


# ----------------------------------------------------------------------------------------
# Settings that change in a run that has begun


CHANGES = ["levels.*.batch_size=2", "levels.*.learning_rate=0.0005", "penalty_weight=0.2"]
OTHERS = ["mirror=false", "augment=color", "precision=fp32", "levels.8.penalty_scale=0.5"]


@pytest.mark.parametrize(("stop", "settings"), [(36, CHANGES), (32, OTHERS)])
@pytest.mark.slow
def test_a_run_goes_on_with_other_settings_and_a_killed_one_in_the_same_bytes(
    config: TrainingConfig,
    prepared: Prepared,
    tmp_path: Path,
    undisturbed: Path,
    stop: int,
    settings: list[str],
) -> None:
    """In mid-level and at a tick; what was journalled before stays."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    asked = apply_settings(config, settings)
    for run in (whole, killed):
        go(config, prepared, run, Watching(stop, terminate))
    said = go(continue_config(whole, asked, settings), prepared, whole)
    with pytest.raises(Interrupted):
        go(continue_config(killed, asked, settings), prepared, killed, Watching(52, interrupt))

    # The first command again: what it does not name stays as it was changed.
    go(continue_config(killed, config, []), prepared, killed)

    for setting in settings[1:]:
        assert f"from {stop} images on: " in said
        assert setting.replace("*", "8") in said or "precision" in setting
    assert lasting(killed) == lasting(whole)
    lines = [read_lines(run / "journal.jsonl") for run in (undisturbed, whole)]
    assert lines[0][: stop // 16] == lines[1][: stop // 16]
    assert lines[0][-1] != lines[1][-1]


def test_a_change_that_is_taken_back_is_a_change(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """Each with the images after which it holds; the last one at a place counts."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(32, terminate))
    for settings in (["penalty_weight=0.2"], ["penalty_weight=0.3"], ["penalty_weight=0.05"]):
        asked = apply_settings(config, settings)
        keep_config(run, continue_config(run, asked, settings))

    kept = read_config(run / "config.json")

    assert [change.images_shown for change in kept.changes] == [32]
    assert config_at(kept, 31).penalty.weight == config_at(kept, 32).penalty.weight == 0.05


def test_what_made_the_run_cannot_change(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """The message says what can."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(32, terminate))
    for setting in ("seed=3", "network.fmap_max=4", "adam_beta2=0.5"):
        asked = apply_settings(config, [setting])

        with pytest.raises(ConfigError, match="What may change from here on is penalty_weight, "):
            go(continue_config(run, asked, [setting]), prepared, run)


# ----------------------------------------------------------------------------------------
# Pictures of 16 bits


def test_a_killed_run_on_pictures_of_16_bits_goes_on_as_if_it_had_never_stopped(
    config: TrainingConfig, make_prepared: Callable[..., Prepared], tmp_path: Path
) -> None:
    """In the middle of the fade; the loader gives the same numbers."""
    deep = make_prepared(value_range=(0.0, 4095.0))
    config = replace(config, network=replace(config.network, channels=1))
    go(config, deep, tmp_path / "whole")

    go_on_after_kills(config, deep, tmp_path / "run", 28)

    assert lasting(tmp_path / "run") == lasting(tmp_path / "whole")
