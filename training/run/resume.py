"""Whether a run may go on with this configuration.

Owns the configuration that a run folder keeps, and the one change it allows: another future. A run
may be made longer, or cool down later, as long as nothing changes that has happened.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from training.atomic_folder import write_durably
from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.run.checkpoint import CHECKPOINTS, PATTERN

AHEAD = ("levels", "cool_down_images")  # what may differ, where it lies ahead


def read_config(path: Path) -> TrainingConfig:
    """The configuration that a run folder keeps.

    Raises:
        ConfigError: it is missing, damaged, changed by hand, or of another version.
    """
    try:
        return TrainingConfig.from_json(path.read_text(encoding="utf-8"))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def keep_config(run: Path, config: TrainingConfig) -> None:
    """Write the configuration into a run; into an old one only if it had the same past.

    Raises:
        ConfigError: the run was begun with another configuration.
    """
    path = run / CONFIG_FILE
    if path.exists():
        old = read_config(path)
        if old == config:
            return
        shown = newest_schedule_state(run)
        if not same_past(old, config, shown):
            names = [name for name in vars(old) if getattr(old, name) != getattr(config, name)]
            raise ConfigError(
                f"{run} was begun with other values of {', '.join(names)}: repeat the last command "
                "that it took to go on, or choose another --run. What may change is what lies "
                f"ahead of {shown:,} images: stable_images, later levels and cool_down_images"
                + fallen(old, shown, run)
            )
    run.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    write_durably(partial, config.to_json())
    partial.replace(path)


def same_past(old: TrainingConfig, new: TrainingConfig, images_shown: int) -> bool:
    """Whether a run of `new` would have done the same as one of `old`, for that many images."""
    shown = min(images_shown, old.total_images)
    if any(getattr(old, name) != getattr(new, name) for name in vars(old) if name not in AHEAD):
        return False
    if cooling(old) != cooling(new) and min(cooling(old)[0], cooling(new)[0]) < shown:
        return False
    start = 0
    for before, after in zip(old.levels, new.levels, strict=True):
        if start >= shown:
            return True
        if replace(before, stable_images=after.stable_images) != after:
            return False
        ends = [start + plan.fade_images + plan.stable_images for plan in (before, after)]
        if ends[0] != ends[1] and min(ends) < shown:
            return False
        start = ends[0]
    return True


def fallen(config: TrainingConfig, shown: int, run: Path) -> str:
    """What to do where the end cannot move any more, because the learning rate falls to it."""
    start, _ = cooling(config)
    if start >= shown:
        return ""
    return (
        f"; its learning rate falls since {start:,} images, so its end stays where it is. To train "
        f"on, begin another run with --init-from {run}"
    )


def cooling(config: TrainingConfig) -> tuple[float, float]:
    """The images shown between which the learning rate falls; at infinity if it does not."""
    if not config.optimizer.cool_down_images:
        return math.inf, math.inf
    return config.total_images - config.optimizer.cool_down_images, config.total_images


def newest_schedule_state(run: Path) -> int:
    """The images shown at the newest checkpoint of a run, whole or not; 0 if there is none."""
    moments = [record.stem.rpartition("-")[2] for record in (run / CHECKPOINTS).glob(PATTERN)]
    return max((int(schedule) for schedule in moments if schedule.isdecimal()), default=0)
