"""The names of settings on the command line, and their paths in the configuration.

Owns the short names of `--set` (`penalty_weight` for `penalty.weight`), which are also those of
configuration files of earlier releases, and the suggestion for a name that is misspelt.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, cast

Path = tuple[str, ...]

FLAT_NAMES: dict[str, Path] = {
    "objective": ("objective", "name"),
    "labels": ("objective", "labels"),
    "label_weight": ("objective", "label_weight"),
    "stddev_group": ("objective", "stddev_group"),
    "reuse_fakes": ("objective", "reuse_fakes"),
    "penalty": ("penalty", "kind"),
    "penalty_weight": ("penalty", "weight"),
    "penalty_share": ("penalty", "share"),
    "penalty_interval": ("penalty", "interval"),
    "penalty_target": ("penalty", "target"),
    "penalty_sigma": ("penalty", "sigma"),
    "drift": ("penalty", "drift"),
    "critic_steps": ("objective", "critic_steps"),
    "optimizer": ("optimizer", "name"),
    "adam_beta1": ("optimizer", "beta1"),
    "adam_beta2": ("optimizer", "beta2"),
    "weight_clip": ("optimizer", "weight_clip"),
    "reset_optimizer": ("optimizer", "reset"),
    "discriminator_rate": ("optimizer", "discriminator_rate"),
    "warm_up_images": ("optimizer", "warm_up_images"),
    "cool_down_images": ("optimizer", "cool_down_images"),
    "cool_down": ("optimizer", "cool_down"),
    "ema_decay": ("average", "decay"),
    "ema_half_life_images": ("average", "half_life_images"),
    "mirror": ("augmentation", "mirror"),
    "roll_reals": ("augmentation", "roll_reals"),
    "augment": ("augmentation", "policy"),
    "augment_strength": ("augmentation", "strength"),
    "augment_target": ("augmentation", "target"),
    "augment_ramp_images": ("augmentation", "ramp_images"),
    "style_mixing": ("style", "mixing"),
    "path_length_weight": ("style", "path_length_weight"),
    "path_length_interval": ("style", "path_length_interval"),
    "path_length_share": ("style", "path_length_share"),
    "path_length_decay": ("style", "path_length_decay"),
    "cycle_weight": ("translation", "cycle_weight"),
    "identity_weight": ("translation", "identity_weight"),
    "pool_size": ("translation", "pool_size"),
    "tiling": ("network", "tiling"),
    "tick_images": ("tick_images",),
    "precision": ("precision",),
    "seed": ("seed",),
}

# Names of settings in other tools.
ELSEWHERE = {
    "lr": "levels.*.learning_rate",
    "learning_rate": "levels.*.learning_rate",
    "batch": "levels.*.batch_size",
    "batch_size": "levels.*.batch_size",
    "gamma": "penalty_weight",
    "lambda": "penalty_weight",
    "beta1": "adam_beta1",
    "beta2": "adam_beta2",
    "n_critic": "critic_steps",
    "clip_value": "weight_clip",
    "lambda_A": "cycle_weight",
    "lambda_identity": "identity_weight",
    "ema": "ema_half_life_images",
    "aug": "augment",
    "loss": "objective",
    "snap": "tick_images",
    "resolution": "a preset of that resolution (--preset)",
    "kimg": "levels.R.stable_images",
    "epochs": "levels.R.stable_images",
}


def suggestion(name: str, offered: Iterable[str]) -> str:
    """Suggest the closest name for a misspelt one: `; did you mean ...?`, or an empty text."""
    if name in ELSEWHERE:
        return f"; did you mean {ELSEWHERE[name]}?"
    close = get_close_matches(name, list(offered), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def nested(values: Any) -> Any:  # noqa: ANN401 - JSON of any kind
    """Nested values of a configuration file in the nested or the flat form.

    Raises:
        ValueError: a file of the flat form has an unknown key.
    """
    if not isinstance(values, dict) or not isinstance(values.get("objective", ""), str):  # pyright: ignore[reportUnknownMemberType] - JSON of any kind
        return values  # pyright: ignore[reportUnknownVariableType] - JSON of any kind
    found: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", values).items():
        path = FLAT_NAMES.get(name, (name,))
        if len(path) == 1:
            found[name] = value
        else:
            found.setdefault(path[0], {})[path[1]] = value
    return found
