"""The configuration: what it refuses, its JSON form, and `--set`."""

import json
from dataclasses import replace

import pytest

from models.config import NetworkConfig
from training.config import ConfigError, LevelPlan, TrainingConfig, apply_setting

REFUSED = [
    ("objective", "gan", "objective is one of wgan-gp, logistic-r1, rpgan-r1r2, not gan"),
    ("precision", "fp16", "precision is fp32 or bf16, not fp16"),
    ("penalty_weight", -1.0, "penalty_weight must be 0 or more, not -1.0"),
    ("penalty_weight", float("nan"), "penalty_weight must be 0 or more, not nan"),
    ("penalty_weight", float("inf"), "penalty_weight must be 0 or more, not inf"),
    ("penalty_share", 0.0, "penalty_share must be above 0 and up to 1, not 0.0"),
    ("penalty_share", 1.5, "penalty_share must be above 0 and up to 1, not 1.5"),
    ("penalty_target", 0.0, "penalty_target must be above 0, not 0.0"),
    ("drift", -0.1, "drift must be 0 or more, not -0.1"),
    ("stddev_group", -1, "stddev_group must be 0 or more, not -1"),
    ("adam_beta2", 1.0, "adam_beta2 must be 0 or more and below 1, not 1.0"),
    ("ema_decay", 1.0, "ema_decay must be 0 or more and below 1, not 1.0"),
    ("ema_half_life_images", 0.0, "ema_half_life_images must be above 0, not 0.0"),
    ("warm_up_images", -1, "warm_up_images must be 0 or more, not -1"),
    ("tick_images", 0, "tick_images must be 1 or more, not 0"),
    ("seed", -1, r"seed must be from 0 to 2\^63 - 1, not -1"),
    ("seed", 2**63, r"seed must be from 0 to 2\^63 - 1, not 9223372036854775808"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_value_out_of_range_is_refused(
    config: TrainingConfig, name: str, value: float | str, message: str
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
        ((4, 0, 10, 4, 0.0), "learning_rate must be above 0, not 0.0"),
        ((4, 0, 10, 4, float("nan")), "learning_rate must be above 0, not nan"),
    ],
)
def test_a_level_plan_out_of_range_is_refused(plan: tuple[int, ...], message: str) -> None:
    """The same holds for one level."""
    with pytest.raises(ConfigError, match=message):
        LevelPlan(*plan)


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


def test_json_gives_the_same_configuration_back(config: TrainingConfig) -> None:
    """Whatever was changed in it."""
    changed = replace(config, seed=2**63 - 1, penalty_weight=0.1, mirror=False)

    assert TrainingConfig.from_json(changed.to_json()) == changed


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


# ----------------------------------------------------------------------------------------
# --set


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("seed=3", "seed", 3),
        ("seed=1_000", "seed", 1000),
        ("objective=wgan-gp", "objective", "wgan-gp"),
        ("mirror=false", "mirror", False),
        ("reset_optimizer=True", "reset_optimizer", True),
        ("ema_half_life_images=2.5", "ema_half_life_images", 2.5),
        ("penalty_weight=10", "penalty_weight", 10.0),
        ("penalty_weight=1e-3", "penalty_weight", 0.001),
        ("precision=bf16", "precision", "bf16"),
    ],
)
def test_a_setting_changes_one_value(
    config: TrainingConfig, setting: str, name: str, value: object
) -> None:
    """In the kind that the setting has, and nothing else."""
    changed = apply_setting(config, setting)

    assert getattr(changed, name) == value
    assert type(getattr(changed, name)) is type(value)
    assert replace(changed, **{name: getattr(config, name)}) == config


def test_a_fraction_is_taken_where_the_preset_has_a_whole_number(config: TrainingConfig) -> None:
    """The kind is that of the setting, not that of its present value."""
    config = replace(config, ema_half_life_images=40)

    assert apply_setting(config, "ema_half_life_images=0.5").ema_half_life_images == 0.5


def test_a_setting_reaches_into_the_network(config: TrainingConfig) -> None:
    """By a dot."""
    assert apply_setting(config, "network.fmap_max=4").network == NetworkConfig(
        8, latent_size=8, fmap_base=32, fmap_max=4
    )


def test_a_setting_reaches_one_level_or_all_of_them(config: TrainingConfig) -> None:
    """By its resolution, or by a star."""
    one = apply_setting(config, "levels.8.batch_size=2")
    both = apply_setting(config, "levels.*.learning_rate=0.5")

    assert [plan.batch_size for plan in one.levels] == [4, 2]
    assert [plan.learning_rate for plan in both.levels] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("seed", "--set takes name=value, not 'seed'"),
        ("colour=3", "no setting named colour: there are preset, network, levels, objective"),
        ("network=3", "no setting named network"),
        ("preset=tiny", "no setting named preset"),
        ("levels.8=3", "no setting named levels.8"),
        ("network.depth=3", "no setting named depth: there are resolution, channels"),
        ("levels.8.depth=3", "no setting named depth: there are resolution, fade_images"),
        ("levels.32.batch_size=3", "no level 32: there are 4, 8"),
        ("seed=three", "seed must be a whole number, not 'three'"),
        ("seed=1.5", "seed must be a whole number, not '1.5'"),
        ("drift=much", "drift must be a number, not 'much'"),
        ("mirror=yes", "mirror must be true or false, not 'yes'"),
        ("penalty_share=2", "penalty_share must be above 0 and up to 1, not 2.0"),
        ("network.channels=2", r"--set network.channels=2: channels must be one of \(1, 3, 4\)"),
        ("network.resolution=16", r"one level plan is needed for each of \(4, 8, 16\)"),
        ("levels.*.batch_size=0", "batch_size must be 1 or more, not 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    config: TrainingConfig, setting: str, message: str
) -> None:
    """The message says what there is, or what is allowed."""
    with pytest.raises(ConfigError, match=message):
        apply_setting(config, setting)
