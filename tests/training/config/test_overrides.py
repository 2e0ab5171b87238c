"""`--set name=value`: one value changes, in its own kind, or the message says what there is."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from models.families.stylegan.config import StyleganConfig
from models.families.table import offer_of
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.groups import ConfigError, LevelPlan
from training.config.names import FLAT_NAMES
from training.config.overrides import (
    LEVEL_NAMES,
    apply_settings,
    network_names,
    overruled,
    path_of,
    value_of,
    with_settings,
)
from training.config.presets import PRESETS
from training.objectives.losses import OBJECTIVES


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("seed=3", "seed", 3),
        ("penalty=finite-difference", "penalty", "finite-difference"),
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
    changed = apply_settings(config, [setting])

    assert value_of(changed, name) == value
    assert type(value_of(changed, name)) is type(value)
    assert with_settings(changed, {name: value_of(config, name)}) == config


@pytest.mark.parametrize("name", FLAT_NAMES)
def test_a_setting_may_be_called_by_its_place(config: TrainingConfig, name: str) -> None:
    """`penalty.weight` is `penalty_weight`."""
    assert value_of(config, ".".join(FLAT_NAMES[name])) == value_of(config, name)
    assert path_of(name, config) == path_of(".".join(FLAT_NAMES[name]), config)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lr", "levels.*.learning_rate"),
        ("batch_size", "levels.*.batch_size"),
        ("gamma", "penalty_weight"),
        ("penalty_wieght", "penalty_weight"),
        ("mirrored", "mirror"),
        ("network.fmapmax", "network.fmap_max"),
        ("levels.8.learning-rate", "levels.8.learning_rate"),
        ("optimizer.beta_2", "optimizer.beta2"),
    ],
)
def test_a_misspelt_setting_is_told_the_right_name(
    config: TrainingConfig, name: str, meant: str
) -> None:
    """Instead of the whole list."""
    with pytest.raises(ConfigError, match=re.escape(f"named {name}; did you mean {meant}?")):
        apply_settings(config, [f"{name}=1"])


def test_a_fraction_is_taken_where_the_preset_has_a_whole_number(config: TrainingConfig) -> None:
    """The kind is that of the setting, not that of its present value."""
    config = with_values(config, ema_half_life_images=40)

    assert apply_settings(config, ["ema_half_life_images=0.5"]).average.half_life_images == 0.5


def test_a_switch_of_the_network_takes_true_or_false(config: TrainingConfig) -> None:
    """Whichever of them is usual."""
    changed = apply_settings(config, ["network.stem_norm=false", "tiling=true"])

    assert (changed.network.stem_norm, changed.network.tiling) == (False, True)
    with pytest.raises(ConfigError, match="stem_norm must be true or false, not '0'"):
        apply_settings(config, ["network.stem_norm=0"])


def test_a_setting_reaches_into_the_network(config: TrainingConfig) -> None:
    """By a dot."""
    assert apply_settings(config, ["network.fmap_max=4"]).network == ProganConfig(
        8, latent_size=8, fmap_base=32, fmap_max=4
    )


def test_a_setting_reaches_one_level_or_all_of_them(config: TrainingConfig) -> None:
    """By its resolution, or by a star."""
    one = apply_settings(config, ["levels.8.batch_size=2"])
    both = apply_settings(config, ["levels.*.learning_rate=0.5"])

    assert [plan.batch_size for plan in one.levels] == [4, 2]
    assert [plan.learning_rate for plan in both.levels] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("seed", "--set takes name=value, not 'seed'"),
        ("colour=3", "no setting named colour: there are objective, labels, label_weight, "),
        ("colour=3", r", seed, network.NAME, levels.R.NAME, levels.\*.NAME$"),
        ("network=3", r"no setting named network; did you mean network.tiling\?$"),
        ("preset=tiny", "no setting named preset: there are objective, "),
        ("levels.8=3", "no setting named levels.8: there are objective, "),
        ("network.depth=3", "no setting named network.depth: there are channels, .*, tiling$"),
        (
            "levels.8.depth=3",
            "no setting named levels.8.depth: there are fade_images, .*, crop, consistency$",
        ),
        ("levels.32.batch_size=3", "no level 32: there are 4, 8"),
        ("seed=three", "seed must be a whole number, not 'three'"),
        ("seed=1.5", "seed must be a whole number, not '1.5'"),
        ("drift=much", "drift must be a number, not 'much'"),
        ("mirror=yes", "mirror must be true or false, not 'yes'"),
        ("penalty_share=2", "penalty_share must be above 0 and up to 1, not 2"),
        ("network.channels=2", r"--set network.channels=2: channels must be one of \(1, 3, 4\)"),
        ("network.resolution=16", r"named network.resolution; did you mean a preset .*--preset"),
        ("levels.*.batch_size=0", r"levels.\*.batch_size must be 1 or more, not 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    config: TrainingConfig, setting: str, message: str
) -> None:
    """The message says what there is, or what is allowed."""
    with pytest.raises(ConfigError, match=message):
        apply_settings(config, [setting])


def test_the_order_of_settings_does_not_matter(config: TrainingConfig) -> None:
    """What fits in the end is not refused on the way; of equal names, the last one counts."""
    settings = ["precision=bf16", "penalty=finite-difference", "penalty_sigma=0.1"]

    there, back = (apply_settings(config, order) for order in (settings, settings[::-1]))

    assert (
        there
        == back
        == with_values(config, precision="bf16", penalty="finite-difference", penalty_sigma=0.1)
    )
    assert apply_settings(config, ["levels.*.batch_size=2", "levels.8.batch_size=6"]).levels == (
        *(replace(plan, batch_size=size) for plan, size in zip(config.levels, (2, 6), strict=True)),
    )


# ----------------------------------------------------------------------------------------
# Another objective


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_another_objective_brings_its_usual_weights(preset: str, objective: str) -> None:
    """At every level, and nothing else; the objective of the preset keeps those of the preset."""
    before = PRESETS[preset]
    if objective not in (offer_of(before.network).objectives or OBJECTIVES):
        with pytest.raises(ConfigError, match="objective of the family"):
            apply_settings(before, [f"objective={objective}"])
        return

    if before.augmentation.target and not OBJECTIVES[objective].has_zero:
        with pytest.raises(ConfigError, match="or set augment_target=0"):
            apply_settings(before, [f"objective={objective}"])
        return
    config = apply_settings(before, [f"objective={objective}"])

    if objective == before.objective.name:
        assert config == before
        return
    usual = OBJECTIVES[objective].usual
    levels = tuple(replace(plan, penalty_scale=1.0) for plan in before.levels)
    assert usual["weight"] == config.penalty.weight
    penalty = replace(before.penalty, **usual)
    renamed = replace(before.objective, name=objective)
    optimizer = replace(before.optimizer, weight_clip=OBJECTIVES[objective].weight_clip)
    assert config == replace(
        before, objective=renamed, penalty=penalty, optimizer=optimizer, levels=levels
    )


@pytest.mark.parametrize(
    ("name", "value"), [("penalty_weight", 3.0), ("drift", 0.5), ("penalty_target", 750.0)]
)
def test_a_weight_that_is_set_is_not_replaced_by_the_usual_one(
    config: TrainingConfig, name: str, value: float
) -> None:
    """Whichever stands first."""
    settings = ["objective=wgan-gp", f"{name}={value}"]
    usual = OBJECTIVES["wgan-gp"].usual

    for order in (settings, settings[::-1]):
        changed = apply_settings(config, order)
        own = {FLAT_NAMES[name][1]: value}
        assert {key: getattr(changed.penalty, key) for key in usual} == usual | own


def test_a_scale_that_is_set_is_kept_with_another_objective(config: TrainingConfig) -> None:
    """That of the preset belongs to the weight it is a part of."""
    first, second = config.levels
    config = replace(config, levels=(first, replace(second, penalty_scale=0.15)))

    usual = apply_settings(config, ["objective=hinge"])
    kept = apply_settings(config, ["objective=hinge", "levels.8.penalty_scale=0.5"])

    assert [plan.penalty_scale for plan in usual.levels] == [1.0, 1.0]
    assert [plan.penalty_scale for plan in kept.levels] == [1.0, 0.5]


# ----------------------------------------------------------------------------------------
# What something else has decided


def test_settings_that_were_overruled_are_told_with_what_they_are(config: TrainingConfig) -> None:
    """Once each; those that came to the same, and those for all levels, are not."""
    settings = [
        *("seed=3", "network.fmap_max=4", "network.fmap_base=32", "levels.*.fade_images=0"),
        *("levels.8.stable_images=99", "levels.8.stable_images=40", "levels.4.stable_images=24"),
    ]
    asked = apply_settings(config, settings)

    assert overruled(asked, asked, settings) == ()
    assert overruled(asked, replace(config, seed=3), settings) == (
        "network.fmap_max=8",
        "levels.8.stable_images=24",
    )


# ----------------------------------------------------------------------------------------
# The page


def test_the_page_lists_every_setting_and_no_other() -> None:
    """By the name that `--set` takes, with the value it has where nothing else is said."""
    page = (Path(__file__).parents[3] / "docs/training-settings.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", page, re.MULTILINE))

    config = TrainingConfig("any", ProganConfig(8), (LevelPlan(4, 0, 1, 1), LevelPlan(8, 0, 1, 1)))
    existing = {name: value_of(config, name) for name in FLAT_NAMES}
    for network in (DcganConfig(8), StyleganConfig(8), config.network):
        names = [name for name in network_names(network) if name not in FLAT_NAMES]
        existing |= {f"network.{name}": getattr(network, name) for name in names}
    optional = ("learning_rate", "penalty_scale", "crop", "consistency")
    existing |= {f"levels.R.{name}": getattr(config.levels[0], name) for name in optional}
    of_the_preset = [name for name, text in listed.items() if "the preset's" in text]
    listed = {name: text for name, text in listed.items() if name not in of_the_preset}
    assert set(listed) == set(existing)
    assert set(LEVEL_NAMES) == {*optional, *(name.rpartition(".")[2] for name in of_the_preset)}
    for name, default in existing.items():
        number = isinstance(default, int | float) and not isinstance(default, bool)
        text = f"{default:g}" if number else str(default).lower() or "empty"
        assert f"`{text}`" in listed[name], name


@pytest.mark.parametrize("name", ["seed", "tick_images", "levels.8.stable_images"])
def test_a_number_that_is_far_too_large_is_refused(config: TrainingConfig, name: str) -> None:
    """Also one that no floating-point number can hold."""
    with pytest.raises(ConfigError, match=f"{name.rpartition('.')[2]} must be"):
        apply_settings(config, [f"{name}=1{'0' * 400}"])
