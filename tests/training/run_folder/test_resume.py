"""What may change in a run that has begun, and what may not."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from models.families.progan.config import ProganConfig
from tests.training.settings import with_values
from training.config.config import CONFIG_FILE, ConfigError, LevelPlan, TrainingConfig
from training.config.history import config_at
from training.config.overrides import apply_settings
from training.game.schedule import schedule_at
from training.run_folder.checkpoint import CHECKPOINTS, checkpoint_at
from training.run_folder.resume import continue_config, keep_config, read_config, same_past


@pytest.fixture
def old() -> TrainingConfig:
    """100 images at 4 px; 40 and 60 at 8 px; 50 and 30 at 16 px: 280 in all."""
    return TrainingConfig(
        preset="three",
        network=ProganConfig(16, latent_size=8, fmap_base=64, fmap_max=8),
        levels=(LevelPlan(4, 0, 100, 10), LevelPlan(8, 40, 60, 8), LevelPlan(16, 50, 30, 4)),
    )


def changed(config: TrainingConfig, index: int, changes: Mapping[str, float]) -> TrainingConfig:
    """The configuration with one level changed."""
    levels = list(config.levels)
    levels[index] = replace(levels[index], **changes)  # pyright: ignore[reportArgumentType]
    return replace(config, levels=tuple(levels))


LONGER = {"stable_images": 90}


@pytest.mark.parametrize(
    ("shown", "index", "changes", "allowed"),
    [
        # The level that is on.
        (150, 1, {"stable_images": 50}, True),
        (150, 1, {"stable_images": 10}, True),
        (151, 1, {"stable_images": 10}, False),
        (120, 1, {"stable_images": 600}, True),
        (120, 1, {"fade_images": 50}, False),
        (120, 1, {"batch_size": 4}, False),
        (120, 1, {"learning_rate": 0.1}, False),
        # One that is over, and one that has not begun.
        (120, 0, {"stable_images": 110}, False),
        (100, 0, {"stable_images": 110}, True),
        (100, 1, {"fade_images": 7, "batch_size": 1, "learning_rate": 0.1}, True),
        (101, 1, {"batch_size": 1}, False),
        # The end, reached and passed by a batch that did not divide the plan.
        (280, 2, {"stable_images": 90}, True),
        (283, 2, {"stable_images": 90}, True),
        (280, 2, {"stable_images": 20}, False),
    ],
)
def test_only_what_lies_ahead_may_change(
    old: TrainingConfig, shown: int, index: int, changes: dict[str, float], *, allowed: bool
) -> None:
    """Level by level."""
    assert same_past(old, changed(old, index, changes), shown) is allowed


@pytest.mark.parametrize(
    ("shown", "before", "after", "allowed"),
    [
        (200, 0, 80, True),
        (201, 0, 80, False),
        (200, 80, 0, True),
        (201, 80, 0, False),
        (201, 80, 80, True),
        (180, 80, 100, True),
        (181, 80, 100, False),
    ],
)
def test_cooling_may_be_decided_until_it_begins(
    old: TrainingConfig, shown: int, before: int, after: int, *, allowed: bool
) -> None:
    """Of 280 images, 80 begin after 200."""
    plans = [with_values(old, cool_down_images=images) for images in (before, after)]

    assert same_past(plans[0], plans[1], shown) is allowed


def test_a_run_that_cools_cannot_be_made_longer(old: TrainingConfig) -> None:
    """It would have cooled later."""
    cooling = with_values(old, cool_down_images=80)

    assert same_past(cooling, changed(cooling, 2, LONGER), 200)
    assert not same_past(cooling, changed(cooling, 2, LONGER), 204)


def test_a_run_that_cools_says_how_to_train_on(old: TrainingConfig, tmp_path: Path) -> None:
    """What was changed lies ahead, and still its end cannot move."""
    cooling = with_values(old, cool_down_images=80)
    keep_config(tmp_path, cooling)
    begun(tmp_path, 204)

    with pytest.raises(ConfigError, match=r"falls since 200 images, .*with --init-from"):
        keep_config(tmp_path, changed(cooling, 2, LONGER))


@pytest.mark.parametrize("shown", [0, 40, 104, 140, 200, 233, 280])
@pytest.mark.parametrize("cool_down", [0, 60, 300])
@pytest.mark.parametrize("stable", [(100, 60, 90), (100, 90, 30), (140, 60, 30)])
def test_what_is_allowed_has_the_same_moments(
    old: TrainingConfig, shown: int, cool_down: int, stable: tuple[int, int, int]
) -> None:
    """Asked of the schedule itself, image by image."""
    levels = (replace(p, stable_images=n) for p, n in zip(old.levels, stable, strict=True))
    new = with_values(old, levels=tuple(levels), cool_down_images=cool_down)

    def played(config: TrainingConfig) -> list[object]:
        moments = (schedule_at(images, config) for images in range(shown))
        return [(m.growth, m.batch_size, m.learning_rate, m.phase) for m in moments]

    assert same_past(old, new, shown) is (played(old) == played(new))


def test_a_run_keeps_its_newest_configuration(old: TrainingConfig, tmp_path: Path) -> None:
    """It is written at the beginning and where the run is made longer."""
    run, longer = tmp_path / "run", changed(old, 2, LONGER)
    keep_config(run, old)
    begun(run, 280)
    keep_config(run, longer)

    assert TrainingConfig.from_json((run / CONFIG_FILE).read_text()) == longer


@pytest.mark.parametrize("changes", [{"seed": 1}, {"tick_images": 7}])
def test_another_run_in_the_same_folder_is_refused(
    old: TrainingConfig, tmp_path: Path, changes: Mapping[str, int]
) -> None:
    """Even before its first checkpoint; the message says what may change."""
    keep_config(tmp_path, old)

    with pytest.raises(ConfigError, match=f"other values of {min(changes)}: repeat the last"):
        keep_config(tmp_path, replace(old, **changes))  # pyright: ignore[reportArgumentType]
    assert TrainingConfig.from_json((tmp_path / CONFIG_FILE).read_text()) == old


def test_a_change_of_the_past_is_refused(old: TrainingConfig, tmp_path: Path) -> None:
    """By the newest checkpoint, whole or not."""
    keep_config(tmp_path, old)
    begun(tmp_path, 104)

    with pytest.raises(ConfigError, match="lies ahead of 104 images: stable_.*cool_down_images$"):
        keep_config(tmp_path, changed(old, 1, {"batch_size": 2}))


def test_another_number_of_levels_is_refused(old: TrainingConfig, tmp_path: Path) -> None:
    """The networks would be others."""
    keep_config(tmp_path, old)
    network = replace(old.network, resolution=8)

    with pytest.raises(ConfigError, match="other values of network, levels"):
        keep_config(tmp_path, replace(old, network=network, levels=old.levels[:2]))


def begun(run: Path, images_shown: int) -> None:
    """Two checkpoints, as far as their records tell."""
    (run / CHECKPOINTS).mkdir(exist_ok=True)
    for images in (images_shown // 2, images_shown):
        checkpoint_at(run / CHECKPOINTS, images).write_text(json.dumps({}))


def test_the_last_command_goes_on_after_the_levels_that_it_changed(
    old: TrainingConfig, tmp_path: Path
) -> None:
    """A finished level may be named with the value that it had in the end, and with no other."""
    keep_config(tmp_path, old)
    begun(tmp_path, 50)
    settings = ["levels.8.learning_rate=0.1"]
    asked = apply_settings(old, settings)
    changed_at_50 = continue_config(tmp_path, asked, settings)
    keep_config(tmp_path, changed_at_50)

    begun(tmp_path, 210)
    keep_config(tmp_path, continue_config(tmp_path, asked, settings))
    assert read_config(tmp_path / CONFIG_FILE) == changed_at_50

    others = ["levels.8.learning_rate=0.2"]
    with pytest.raises(ConfigError, match="other values of levels"):
        keep_config(tmp_path, continue_config(tmp_path, apply_settings(old, others), others))


@pytest.mark.parametrize(
    ("before", "crop"), [(16, 16), (0, 16), (16, 32)], ids=["at will", "whole", "smaller"]
)
def test_a_level_that_changed_the_smaller_picture_is_not_to_agree_with_it(
    tmp_path: Path, before: int, crop: int
) -> None:
    """Once it has begun; a change that is taken back before a step changed nothing."""
    images = {crop: 16, 64: 100}
    plans = [LevelPlan(size, 0, images.get(size, 0), 8) for size in (4, 8, 16, 32, 64)]
    config = TrainingConfig(
        preset="cropped",
        network=ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8),
        levels=(*plans[:4], replace(plans[4], crop=before)),
    )
    settings = [f"levels.64.crop={crop}", "levels.64.consistency=10"]
    asked = apply_settings(config, settings)
    keep_config(tmp_path, config)

    begun(tmp_path, 16)
    agreeing = continue_config(tmp_path, asked, settings)
    assert config_at(agreeing, 16).levels == asked.levels
    begun(tmp_path, 40)
    with pytest.raises(ConfigError, match=rf"picture of {crop} px .* back to 16 images or fewer"):
        continue_config(tmp_path, asked, settings)

    keep_config(tmp_path / "other", asked)
    begun(tmp_path / "other", 40)
    for other in (["levels.64.consistency=0"], settings):
        keep_config(
            tmp_path / "other",
            continue_config(tmp_path / "other", apply_settings(asked, other), other),
        )
    assert config_at(read_config(tmp_path / "other" / CONFIG_FILE), 40).levels == asked.levels
