"""The configuration: what it refuses, its JSON form, and `--set`."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from models.families.progan.config import ProganConfig
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.groups import ConfigError, LevelPlan
from training.config.names import FLAT_NAMES
from training.config.overrides import with_settings

REFUSED = [
    (
        "objective",
        "gan",
        (
            "objective must be one of wgan-gp, logistic-r1, hinge, rpgan-r1r2, bce, "
            "least-squares, wgan, not gan"
        ),
    ),
    ("precision", "fp16", "precision must be one of auto, fp32, bf16, not fp16"),
    ("penalty_weight", -1.0, "penalty_weight must be 0 or more, not -1.0"),
    ("penalty_weight", float("nan"), "penalty_weight must be 0 or more, not nan"),
    ("penalty_weight", float("inf"), "penalty_weight must be 0 or more, not inf"),
    ("penalty_share", 0.0, "penalty_share must be above 0 and up to 1, not 0.0"),
    ("penalty_share", 1.5, "penalty_share must be above 0 and up to 1, not 1.5"),
    ("penalty_target", 0.0, "penalty_target must be above 0, not 0.0"),
    ("penalty_sigma", 0.0, "penalty_sigma must be above 0, not 0.0"),
    (
        "labels",
        "onehot",
        "labels must be one of none, concatenation, projection, acgan, not onehot",
    ),
    ("label_weight", -1.0, "label_weight must be 0 or more"),
    ("network", ProganConfig(8, classes=3), "needs labels=projection or labels=acgan"),
    (
        "augment",
        "color,rotation",
        "augment must be one of color, .*cutout, not rotation",
    ),
    ("augment_strength", 1.5, "augment_strength must be 0 or more and up to 1, not 1.5"),
    ("augment_ramp_images", 0, "augment_ramp_images must be 1 or more"),
    ("penalty", "lazy", "penalty must be one of exact, finite-difference, not lazy"),
    ("drift", -0.1, "drift must be 0 or more, not -0.1"),
    ("stddev_group", -1, "stddev_group must be 0 or more, not -1"),
    ("adam_beta2", 1.0, "adam_beta2 must be 0 or more and below 1, not 1.0"),
    ("ema_decay", 1.0, "ema_decay must be 0 or more and below 1, not 1.0"),
    ("ema_half_life_images", 0.0, "ema_half_life_images must be above 0, not 0.0"),
    ("warm_up_images", -1, "warm_up_images must be 0 or more, not -1"),
    ("discriminator_rate", 0.0, "discriminator_rate must be above 0, not 0.0"),
    ("cool_down", "discriminator", "cool_down must be one of both, generator, not discriminator"),
    ("cool_down_images", -1, "cool_down_images must be 0 or more, not -1"),
    ("tick_images", 0, "tick_images must be 1 or more, not 0"),
    ("seed", -1, "seed must be 0 or more and up to 9223372036854775807, not -1"),
    (
        "seed",
        2**63,
        "seed must be 0 or more and up to 9223372036854775807, not 9223372036854775808",
    ),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_value_out_of_range_is_refused(
    config: TrainingConfig, name: str, value: float | str | ProganConfig, message: str
) -> None:
    """The message says what is allowed."""
    with pytest.raises(ConfigError, match=message):
        with_values(config, **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("fade_images", -1, "0 or more"),
        ("stable_images", -10, "0 or more"),
        ("batch_size", 0, "1 or more"),
        ("penalty_scale", -1.0, "0 or more"),
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
    ],
)
def test_a_level_plan_out_of_range_is_refused(
    config: TrainingConfig, name: str, value: float, limits: str
) -> None:
    """The same holds for one level, also where it is made in code."""
    with pytest.raises(ConfigError, match=f"levels.8.{name} must be {limits}, not {value}"):
        with_settings(config, {f"levels.8.{name}": value})
    with pytest.raises(ValidationError, match=name):
        replace(config.levels[1], **{name: value})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("seed", 1.0), ("seed", True), ("penalty_weight", "much"), ("mirror", 1)),
        *(("objective", 3), ("levels.8.batch_size", 4.5), ("network.fmap_max", "many")),
    ],
)
def test_a_value_of_another_type_is_refused(
    config: TrainingConfig, name: str, value: object
) -> None:
    """Strictly: a switch is no number, and a number no switch."""
    with pytest.raises(ConfigError, match=f"{name} must be "):
        with_settings(config, {name: value})


def test_a_strength_is_steered_only_where_there_is_augmentation(config: TrainingConfig) -> None:
    """Else it would be steered without a word, and do nothing."""
    game = with_values(config, objective="logistic-r1")
    with pytest.raises(
        ConfigError, match="objective is one of logistic-r1, hinge, bce, not rpgan-r1r"
    ):
        with_values(config, augment="color", augment_target=0.6)

    assert with_values(game, augment="color", augment_target=0.6).augmentation.target == 0.6
    with pytest.raises(ConfigError, match="that is empty: add for example augment=color"):
        with_values(game, augment_target=0.6)


def test_every_resolution_needs_a_plan(config: TrainingConfig) -> None:
    """In the order of the levels, none left out."""
    with pytest.raises(ConfigError, match=r"one level plan is needed for each of \(4, 8\)"):
        replace(config, levels=config.levels[:1])
    with pytest.raises(ConfigError, match=r"one level plan is needed for each of \(4, 8\)"):
        replace(config, levels=config.levels[::-1])


def test_the_first_level_cannot_fade_in(config: TrainingConfig) -> None:
    """There is nothing below it."""
    with pytest.raises(ConfigError, match="fade_images must be 0"):
        replace(config, levels=(LevelPlan(4, 8, 16, 4), config.levels[1]))


def test_a_run_without_an_image_is_refused(config: TrainingConfig) -> None:
    """It would be finished before it began, with nothing to export."""
    with pytest.raises(ConfigError, match="at least one image"):
        replace(config, levels=(LevelPlan(4, 0, 0, 4), LevelPlan(8, 0, 0, 4)))


def test_the_total_is_the_sum_of_all_levels(config: TrainingConfig) -> None:
    """Faded and held images alike."""
    assert config.total_images == 72


def test_differences_in_bf16_must_reach_beyond_its_rounding(config: TrainingConfig) -> None:
    """At 0.01, rounding would be taken for a gradient; the exact penalty does not mind."""
    exact = replace(config, precision="bf16")
    with pytest.raises(ConfigError, match=r"penalty_sigma must be at least 0\.1, not 0\.01"):
        with_values(exact, penalty="finite-difference")

    assert with_values(exact, penalty="finite-difference", penalty_sigma=0.1).penalty.sigma == 0.1


def test_json_gives_the_same_configuration_back(config: TrainingConfig) -> None:
    """Whatever was changed in it."""
    changed = with_values(config, seed=2**63 - 1, penalty_weight=0.1, mirror=False)

    assert TrainingConfig.from_json(changed.to_json()) == changed


def test_crops_are_told_only_where_there_are_some(config: TrainingConfig) -> None:
    """So that the configuration of a run without them stays as it was."""
    first, second = config.levels
    cropped = replace(
        config,
        network=replace(config.network, resolution=32),
        levels=(first, second, LevelPlan(16, 4, 4, 4), LevelPlan(32, 4, 4, 4, crop=16)),
    )

    plans = json.loads(cropped.to_json())["levels"]

    assert [plan.get("crop") for plan in plans] == [None, None, None, 16]
    assert not any("consistency" in plan for plan in plans)
    assert TrainingConfig.from_json(cropped.to_json()) == cropped


def test_a_configuration_of_an_older_release_means_what_it_did(config: TrainingConfig) -> None:
    """All settings side by side, without those that came later; so its run goes on."""
    nested = json.loads(config.to_json())
    values = {name: nested[name] for name in ("preset", "network", "levels", "tick_images", "seed")}
    for name, path in FLAT_NAMES.items():
        if (
            len(path) > 1
            and path[0] not in {"style", "translation"}
            and not (name.startswith(("augment", "label", "roll", "tiling")))
        ):
            values[name] = nested[path[0]][path[1]]
    del values["penalty"], values["penalty_sigma"]

    assert "classes" not in values["network"]
    assert TrainingConfig.from_json(json.dumps(values)) == config


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"levels": [], "network": {}}', '{"levels": 1, "network": 2}', "{"],
)
def test_a_configuration_that_is_none_is_refused(text: str) -> None:
    """With one error, whatever is wrong with it."""
    with pytest.raises(ConfigError, match="the configuration of the run cannot be read"):
        TrainingConfig.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": 1},
        {"seed": "three"},
        {"seed": "3"},
        {"seed": True},
        {"levels": [{"size": 4}]},
        {"penalty": {"weight": "0.1"}},
        {"penalty": {"wait": 0.1}},
        {"network": 3},
    ],
)
def test_a_configuration_changed_by_hand_is_refused(
    config: TrainingConfig, change: dict[str, object]
) -> None:
    """An unknown name, or a value of the wrong kind."""
    text = json.dumps({**json.loads(config.to_json()), **change})

    with pytest.raises(ConfigError, match="cannot be read"):
        TrainingConfig.from_json(text)
