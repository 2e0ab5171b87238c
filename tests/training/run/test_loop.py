"""A run: what it leaves behind, and what it tells on its way."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from tests.training.prepared import write_prepared
from tests.training.run.watched_runs import (
    TICKS,
    Watching,
    go,
    go_on_after_kills,
    interrupt,
    lasting,
    terminate,
)
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.config.overrides import apply_settings
from training.data.stream import Prepared, open_prepared
from training.run.loop import is_tick
from training.run_folder.journal import read_lines
from training.run_folder.resume import continue_config

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


def test_a_finished_run_is_left_as_it_is(
    config: TrainingConfig, prepared: Prepared, undisturbed: Path
) -> None:
    """The same command once more plays no step."""
    before = lasting(undisturbed)

    said = go(config, prepared, undisturbed, Watching(76, interrupt))

    assert "resuming after 72 images, 8 px held" in said
    assert lasting(undisturbed) == before


def test_levels_that_crops_leave_as_they_are_get_the_averaged_weights(
    config: TrainingConfig, tmp_path: Path
) -> None:
    """When crops begin; a run that is stopped before that and killed after it ends in the same."""
    levels = (*config.levels[:1], LevelPlan(8, 0, 0, 4, 0.002), LevelPlan(16, 0, 24, 4, 0.002))
    crops = LevelPlan(32, 8, 16, 4, 0.002, crop=16, consistency=10.0)
    config = replace(
        config, network=replace(config.network, resolution=32), levels=(*levels, crops)
    )
    prepared = open_prepared(write_prepared(tmp_path / "data", 32))
    run = tmp_path / "run"

    go(config, prepared, run, Watching(48, terminate))
    before = load_file(run / "checkpoints" / "checkpoint-0000000048.safetensors")
    go_on_after_kills(config, prepared, run, 52)

    after = load_file(run / "checkpoints" / "checkpoint-0000000072.safetensors")
    kept = [name for name in before if re.match(r"generator/(stem|levels\.[01]|exits\.2)\.", name)]
    assert len(kept) > 5
    for name in kept:
        averaged = before[name.replace("generator/", "average/")]
        assert not before[name].equal(averaged)
        assert after[name].equal(averaged)
    go(config, prepared, tmp_path / "whole")
    assert lasting(run) == lasting(tmp_path / "whole")


def test_crops_that_begin_in_the_middle_of_a_level_begin_with_the_average(
    config: TrainingConfig, tmp_path: Path
) -> None:
    """So do the levels that are left as they are from then on."""
    levels = tuple(LevelPlan(size, 0, 0, 4) for size in (4, 8, 16))
    config = replace(
        config,
        network=replace(config.network, resolution=32),
        levels=(*levels, LevelPlan(32, 0, 72, 4, 0.002)),
    )
    prepared, run = open_prepared(write_prepared(tmp_path / "data", 32)), tmp_path / "run"
    go(config, prepared, run, Watching(48, terminate))
    before = load_file(run / "checkpoints" / "checkpoint-0000000048.safetensors")

    settings = ["levels.32.crop=16"]
    asked = continue_config(run, apply_settings(config, settings), settings)
    go(asked, prepared, run)

    after = load_file(run / "checkpoints" / "checkpoint-0000000072.safetensors")
    kept = [name for name in before if re.match(r"generator/(stem|levels\.0)\.", name)]
    assert len(kept) > 5
    for name in kept:
        assert after[name].equal(before[name.replace("generator/", "average/")])
        assert not after[name].equal(before[name])


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


def test_a_fixed_strength_is_journalled_as_it_is(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """And nothing of it where there is no augmentation."""
    go(with_values(config, augment="color", augment_strength=0.5), prepared, tmp_path / "run")
    go(config, prepared, tmp_path / "plain")

    lines = read_lines(tmp_path / "run" / "journal.jsonl")
    assert {line["augment_strength"] for line in lines} == {0.5}
    assert "augment_strength" not in (tmp_path / "plain" / "journal.jsonl").read_text()
