"""What a run refuses: another configuration, other pictures, numbers that are none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch

from tests.training.run.watched_runs import Watching, go, lasting, launch_ahead
from tests.training.settings import with_values
from training.config.config import ConfigError, LevelPlan, TrainingConfig
from training.data.stream import Prepared
from training.game.optimise import NonFiniteLossError
from training.run.validation import check_data


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
