"""Processor time and score of a trial."""

from dataclasses import replace
from pathlib import Path

import torch

from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.run_folder.checkpoint import Progress
from training.tuning.outcome import Measurement, TuningRequest
from training.tuning.watch import (
    TrialWatch,
    measurements_of,
    processor_seconds_of,
)


def test_a_trial_ends_when_its_time_is_over(
    config: TrainingConfig, prepared: Prepared, request_: TuningRequest, tmp_path: Path
) -> None:
    """Measured at each rung that it passes while 8 px is stable, and at the end."""
    asked: list[Measurement] = []

    def go_on(measured: Measurement) -> bool:
        asked.append(measured)
        return True

    average = TrainingState.create(config, torch.device("cpu")).average
    watch = TrialWatch(tmp_path, request_, prepared, 0, go_on)
    fading, stable = schedule_at(32, config), schedule_at(60, config)

    assert not watch.step(average, stable, 4)
    watch._before = 3.1  # seconds of 10
    assert not watch.step(average, fading, 32)  # no rung while fading
    watch._before = 5.1
    assert not watch.step(average, stable, 60)
    assert not watch.step(average, stable, 64)
    watch.saved(Progress(images_shown=64))
    watch._before = 10.1
    assert watch.step(average, stable, 68)

    assert [each.percent for each in asked] == [50]
    found = measurements_of(tmp_path)
    assert [each.percent for each in found] == [50, 100]
    assert found[0] == asked[0]
    assert 5.1 <= processor_seconds_of(tmp_path) < 10


def test_a_trial_that_is_pruned_ends_at_its_rung(
    config: TrainingConfig, prepared: Prepared, request_: TuningRequest, tmp_path: Path
) -> None:
    """And one whose resolution is never reached has no measurement."""
    average = TrainingState.create(config, torch.device("cpu")).average
    watch = TrialWatch(tmp_path, request_, prepared, 0, lambda _: False)
    watch._before = 3.1
    assert watch.step(average, schedule_at(60, config), 60)

    other = TrialWatch(tmp_path / "other", request_, prepared, 0, lambda _: True)
    other._before = 11.0
    assert other.step(average, schedule_at(4, config), 4)
    assert measurements_of(tmp_path / "other") == ()


def test_a_resumed_trial_goes_on_with_its_time(
    config: TrainingConfig, prepared: Prepared, request_: TuningRequest, tmp_path: Path
) -> None:
    """From its checkpoint: what came later is dropped, and passed rungs are not asked again."""
    average = TrainingState.create(config, torch.device("cpu")).average
    first = TrialWatch(tmp_path, request_, prepared, 0, lambda _: True)
    first._before = 6.0
    first.step(average, schedule_at(60, config), 60)
    first.saved(Progress(images_shown=60))
    first._before = 7.5
    first.step(average, schedule_at(64, config), 64)

    again = TrialWatch(tmp_path, replace(request_), prepared, 60, lambda _: False)

    assert 6.0 <= again.used < 7.0
    assert [each.images_shown for each in measurements_of(tmp_path)] == [60]
    assert not again.step(average, schedule_at(60, config), 64)
