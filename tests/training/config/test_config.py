"""The configuration: what it refuses, its JSON form, and `--set`."""

import json
from dataclasses import replace

import pytest

from models.families.progan.config import NetworkConfig
from training.config.config import ConfigError, LevelPlan, TrainingConfig

REFUSED = [
    ("objective", "gan", "objective is one of wgan-gp, logistic-r1, hinge, rpgan-r1r2, not gan"),
    ("precision", "fp16", "precision is one of auto, fp32, bf16, not fp16"),
    ("penalty_weight", -1.0, "penalty_weight must be 0 or more, not -1.0"),
    ("penalty_weight", float("nan"), "penalty_weight must be 0 or more, not nan"),
    ("penalty_weight", float("inf"), "penalty_weight must be 0 or more, not inf"),
    ("penalty_share", 0.0, "penalty_share must be above 0 and up to 1, not 0.0"),
    ("penalty_share", 1.5, "penalty_share must be above 0 and up to 1, not 1.5"),
    ("penalty_target", 0.0, "penalty_target must be above 0, not 0.0"),
    ("penalty_sigma", 0.0, "penalty_sigma must be above 0, not 0.0"),
    ("labels", "onehot", "labels is one of none, projection, acgan, not onehot"),
    ("label_weight", -1.0, "label_weight must be 0 or more"),
    ("network", NetworkConfig(8, classes=3), "needs labels=projection or labels=acgan"),
    ("augment", "color,rotation", "augment is one of color, translation, cutout, not rotation"),
    ("augment_strength", 1.5, "augment_strength must be from 0 to 1, not 1.5"),
    ("augment_target", 0.6, "objective is one of logistic-r1, hinge, not rpgan-r1r2; or leave"),
    ("augment_ramp_images", 0, "augment_ramp_images must be 1 or more"),
    ("penalty", "lazy", "penalty of rpgan-r1r2 is exact or finite-difference, not lazy"),
    ("drift", -0.1, "drift must be 0 or more, not -0.1"),
    ("stddev_group", -1, "stddev_group must be 0 or more, not -1"),
    ("adam_beta2", 1.0, "adam_beta2 must be 0 or more and below 1, not 1.0"),
    ("ema_decay", 1.0, "ema_decay must be 0 or more and below 1, not 1.0"),
    ("ema_half_life_images", 0.0, "ema_half_life_images must be above 0, not 0.0"),
    ("warm_up_images", -1, "warm_up_images must be 0 or more, not -1"),
    ("discriminator_rate", 0.0, "discriminator_rate must be above 0, not 0.0"),
    ("cool_down", "discriminator", "cool_down is one of both, generator, not discriminator"),
    ("cool_down_images", -1, "cool_down_images must be 0 or more, not -1"),
    ("tick_images", 0, "tick_images must be 1 or more, not 0"),
    ("seed", -1, r"seed must be from 0 to 2\^63 - 1, not -1"),
    ("seed", 2**63, r"seed must be from 0 to 2\^63 - 1, not 9223372036854775808"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_value_out_of_range_is_refused(
    config: TrainingConfig, name: str, value: float | str | NetworkConfig, message: str
) -> None:
    """The message says what is allowed."""
    with pytest.raises(ConfigError, match=message):
        replace(config, **{name: value})


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ((4, -1, 10, 4), "fade_images must be 0 or more, not -1"),
        ((4, 0, -10, 4), "stable_images must be 0 or more, not -10"),
        ((4, 0, 10, 0), "batch_size must be 1 or more, not 0"),
        ((4, 0, 10, 4, 0.1, -1.0), "penalty_scale must be 0 or more, not -1.0"),
        ((4, 0, 10, 4, 0.0), "learning_rate must be above 0, not 0.0"),
        ((4, 0, 10, 4, float("nan")), "learning_rate must be above 0, not nan"),
    ],
)
def test_a_level_plan_out_of_range_is_refused(plan: tuple[int, ...], message: str) -> None:
    """The same holds for one level."""
    with pytest.raises(ConfigError, match=message):
        LevelPlan(*plan)


def test_a_strength_is_steered_only_where_there_is_augmentation(config: TrainingConfig) -> None:
    """Else it would be steered without a word, and do nothing."""
    game = replace(config, objective="logistic-r1")

    assert replace(game, augment="color", augment_target=0.6).augment_target == 0.6
    with pytest.raises(ConfigError, match="that is empty: say what it shall do, such as augment=c"):
        replace(game, augment_target=0.6)


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
    """At 0.01, rounding would be taken for slope; the exact penalty does not mind."""
    exact = replace(config, precision="bf16")
    with pytest.raises(ConfigError, match=r"penalty_sigma must be at least 0\.1, not 0\.01"):
        replace(exact, penalty="finite-difference")

    assert replace(exact, penalty="finite-difference", penalty_sigma=0.1).penalty_sigma == 0.1


def test_json_gives_the_same_configuration_back(config: TrainingConfig) -> None:
    """Whatever was changed in it."""
    changed = replace(config, seed=2**63 - 1, penalty_weight=0.1, mirror=False)

    assert TrainingConfig.from_json(changed.to_json()) == changed


def test_a_configuration_of_an_older_release_means_what_it_did(config: TrainingConfig) -> None:
    """Without classes, augmentation and the like, and with exact slopes; so its run goes on."""
    values = json.loads(config.to_json())
    for name in ("penalty", "penalty_sigma", "labels", "label_weight", "init_from"):
        del values[name]
    for name in [name for name in values if name.startswith("augment")]:
        del values[name]

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


@pytest.mark.parametrize("change", [{"colour": 1}, {"seed": "three"}, {"levels": [{"size": 4}]}])
def test_a_configuration_changed_by_hand_is_refused(
    config: TrainingConfig, change: dict[str, object]
) -> None:
    """An unknown name, or a value of the wrong kind."""
    text = json.dumps({**json.loads(config.to_json()), **change})

    with pytest.raises(ConfigError, match="cannot be read"):
        TrainingConfig.from_json(text)
