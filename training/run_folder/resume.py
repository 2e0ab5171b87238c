"""Resuming a run with a given configuration.

Owns the configuration in a run folder, and its permitted changes: the future of the schedule, such
as a longer last level, may be replaced; some settings may change from the current images shown on,
which the run records. The past of the run never changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from training.atomic_folder import write_durably
from training.config.config import CONFIG_FILE, Change, TrainingConfig
from training.config.groups import AUTO, ConfigError
from training.config.history import config_at
from training.config.names import FLAT_NAMES
from training.config.offered import changes_references
from training.config.overrides import parse_settings, path_of, value_of, with_settings
from training.run_folder.checkpoint import CHECKPOINTS, PATTERN, images_of

AHEAD = ("levels", "cool_down_images", "changes")  # may differ where they concern the future
CHANGEABLE = (  # from the current images shown on
    *("penalty_weight", "penalty_share", "drift", "discriminator_rate", "precision", "mirror"),
    *("augment", "augment_strength", "augment_target", "augment_ramp_images"),
)
CHANGEABLE_OF_LEVELS = ("batch_size", "learning_rate", "penalty_scale", "crop", "consistency")


def read_config(path: Path) -> TrainingConfig:
    """Read the configuration of a run folder.

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
    """Write the configuration into a run; into an existing one only if the past is the same.

    Raises:
        ConfigError: the run was started with another configuration.
    """
    path = run / CONFIG_FILE
    if path.exists():
        old = read_config(path)
        if old == config:
            return
        shown = newest_images_shown(run)
        if not same_past(old, config, shown):
            raise ConfigError(
                f"{run} was begun with other values of {', '.join(differing(old, config))}: "
                "repeat the last command that it took to go on, or choose another --run. What may "
                f"change from here on is {', '.join((*CHANGEABLE, *CHANGEABLE_OF_LEVELS))}; and of "
                f"what lies ahead of {shown:,} images: stable_images, later levels and "
                "cool_down_images" + fixed_end(old, shown, run)
            )
    run.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    write_durably(partial, config.to_json())
    partial.replace(path)


def continue_config(run: Path, asked: TrainingConfig, settings: Sequence[str]) -> TrainingConfig:
    """Configuration of a resumed run: its own, with the changes of `--set` from now on.

    Only settings that are named change: a run whose batch was reduced keeps that when its first
    command is repeated. A run without a checkpoint has no past, so the result is `asked`.

    Args:
        run: its folder.
        asked: the requested configuration, from preset and settings.
        settings: those of `--set`.

    Raises:
        ConfigError: the configuration of the run cannot be read, or crops of a level are to agree
            with a picture that crops of that level have changed.
    """
    shown = newest_images_shown(run)
    if not shown or not (run / CONFIG_FILE).exists():
        return asked
    recorded = read_config(run / CONFIG_FILE)
    if recorded.network != asked.network:
        return asked  # `keep_config` raises the error
    named = {path_of(name, asked) for name in parse_settings(settings)}
    if asked.precision == AUTO:
        named.discard(("precision",))
    over, ahead = changeable_names(recorded, shown)
    now = config_at(recorded, shown)
    # The last command names a finished level with the value that it had in the end.
    agreed = [
        name
        for name in over
        if path_of(name, asked) not in named or value_of(asked, name) == value_of(now, name)
    ]
    own = [*ahead, *agreed]
    base = with_settings(asked, {name: value_of(recorded, name) for name in own})
    changes = {
        name: value_of(asked, name)
        for name in ahead
        if _is_named(path_of(name, asked), named) and value_of(asked, name) != value_of(now, name)
    }
    kept = changed_from(shown, changes, recorded.changes) if changes else recorded.changes
    changed = replace(base, changes=kept)
    if changes:
        _require_unchanged_references(recorded, changed, shown)
    return changed


def _require_unchanged_references(
    before: TrainingConfig, changed: TrainingConfig, shown: int
) -> None:
    """Check that a level whose crops are to agree with a smaller picture has not changed it.

    Args:
        before: configuration of the run until now.
        changed: its configuration from now on.
        shown: images shown.

    Raises:
        ConfigError: steps of the level were trained on whole pictures, on smaller crops, or on
            crops that did not have to agree.
    """
    start = 0
    for level, plan in enumerate(config_at(changed, shown).levels):
        times = [start, *(c.images_shown for c in before.changes if c.images_shown > start)]
        past = [config_at(before, time).levels[level] for time in times if time < shown]
        if plan.consistency and any(changes_references(each, plan.crop) for each in past):
            raise ConfigError(
                f"levels.{plan.resolution}.consistency: this level has changed the picture of "
                f"{plan.crop} px that its crops would be to agree with. Go back to {start:,} "
                "images or fewer with --from, and set it there"
            )
        start += plan.fade_images + plan.stable_images


def changed_from(
    shown: int, settings: Mapping[str, object], changes: Sequence[Change]
) -> tuple[Change, ...]:
    """Add a change after `shown` images to those of a run; later ones are dropped."""
    here = [text for c in changes if c.images_shown == shown for text in c.settings]
    texts = parse_settings([*here, *(f"{name}={_text(v)}" for name, v in settings.items())])
    change = Change(shown, tuple(f"{name}={text}" for name, text in texts.items()))
    return (*(c for c in changes if c.images_shown < shown), change)


def changeable_names(config: TrainingConfig, shown: int) -> tuple[list[str], list[str]]:
    """Names of changeable settings: those of finished levels, and all that apply from now on."""
    over, ahead = list[str](), [*CHANGEABLE]
    start = 0
    for plan in config.levels:
        start += plan.fade_images + plan.stable_images
        here = ahead if start > shown or plan is config.levels[-1] else over
        here += [f"levels.{plan.resolution}.{name}" for name in CHANGEABLE_OF_LEVELS]
    return over, ahead


def announce_changes(config: TrainingConfig, shown: int) -> str:
    """Describe the changes at `shown` images in a sentence; empty without changes."""
    texts = [text for c in config.changes if c.images_shown == shown for text in c.settings]
    return f"from {shown:,} images on: {', '.join(texts)}" if texts else ""


def differing(old: TrainingConfig, new: TrainingConfig) -> list[str]:
    """Names of the settings that differ."""
    whole = ("preset", "network", "levels", "init_from")
    names = [name for name in whole if getattr(old, name) != getattr(new, name)]
    names += [name for name in FLAT_NAMES if value_of(old, name) != value_of(new, name)]
    return names or ["changes"]


def same_past(old: TrainingConfig, new: TrainingConfig, images_shown: int) -> bool:
    """True if runs of `new` and `old` are identical for the first `images_shown` images."""
    shown = min(images_shown, old.total_images)
    allowed = {*AHEAD, *(CHANGEABLE if not shown else ())}
    if set(differing(old, new)) - allowed:
        return False
    past = [[c for c in each.changes if c.images_shown < shown] for each in (old, new)]
    if past[0] != past[1]:
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


def fixed_end(config: TrainingConfig, shown: int, run: Path) -> str:
    """Advice if the end is fixed, because the learning rate already falls towards it."""
    start, _ = cooling(config)
    if start >= shown:
        return ""
    return (
        f"; its learning rate falls since {start:,} images, so its end stays where it is. To train "
        f"on, begin another run with --init-from {run}"
    )


def cooling(config: TrainingConfig) -> tuple[float, float]:
    """Images shown at start and end of the cool-down; infinity without one."""
    images = config.optimizer.cool_down_images
    if not images:
        return math.inf, math.inf
    return config.total_images - images, config.total_images


def newest_images_shown(run: Path) -> int:
    """Images shown at the newest checkpoint of a run, whole or not; 0 if there is none."""
    return max(map(images_of, (run / CHECKPOINTS).glob(PATTERN)), default=0)


def _is_named(path: tuple[str, ...], named: set[tuple[str, ...]]) -> bool:
    """True if `--set` names a setting, by itself or for all levels."""
    return path in named or (path[0], "*", path[-1]) in named


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
