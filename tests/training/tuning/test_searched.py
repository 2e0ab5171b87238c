"""The syntax of `--search`, and the settings that a value stands for."""

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.tuning.searched import like, parse_searched


def test_a_factor_multiplies_the_value_of_each_level(config: TrainingConfig) -> None:
    """The preset's levels keep their proportions."""
    rates = parse_searched("levels.*.learning_rate=x0.5:x4:log", config)
    batches = parse_searched("levels.*.batch_size=x0.25,x1,x2", config)

    assert (rates.low, rates.high, rates.log, rates.relative) == (0.5, 4.0, True, True)
    assert rates.settings(3.0, config) == {
        "levels.4.learning_rate": 0.003,
        "levels.8.learning_rate": 0.006,
    }
    assert batches.settings("x2", config) == {
        "levels.4.batch_size": 8,
        "levels.8.batch_size": 8,
    }
    assert batches.settings("x0.01", config)["levels.4.batch_size"] == 1


def test_plain_values_replace_that_of_the_preset(config: TrainingConfig) -> None:
    """Numbers of a range get the type of the setting; choices are read as by --set."""
    width = parse_searched("network.fmap_max=4:12", config)
    augment = parse_searched("augment=color,translation", config)

    assert width.settings(7.6, config) == {"network.fmap_max": 8}
    assert augment.settings("color", config) == {"augment": "color"}


def test_the_presets_own_value_is_found(config: TrainingConfig) -> None:
    """A factor of 1, the number itself, or the choice that changes nothing; else none."""
    assert parse_searched("penalty_weight=x0.1:x10:log", config).preset_value(config) == 1.0
    assert parse_searched("penalty_weight=0.01:0.1", config).preset_value(config) == 0.05
    assert parse_searched("penalty_weight=0.1:1", config).preset_value(config) is None
    assert parse_searched("penalty_share=0.5,1", config).preset_value(config) == "1"
    assert parse_searched("network.fmap_max=x0.5,x1", config).preset_value(config) == "x1"
    assert parse_searched("penalty_share=0.5,0.25", config).preset_value(config) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("penalty_weight", "--search takes NAME=LOW:HIGH"),
        ("penalty_weight=", "--search takes NAME=LOW:HIGH"),
        ("penalty_weihgt=1:2", "did you mean penalty_weight"),
        ("penalty_weight=2:1", "LOW must be smaller than HIGH"),
        ("penalty_weight=0:1:log", "must be above 0"),
        ("penalty_weight=a:b", "a range is LOW:HIGH"),
        ("penalty_weight=1:2:3", "a range is LOW:HIGH"),
        ("penalty_weight=x1:2", "both factors"),
        ("penalty_weight=nan:2", "a range is LOW:HIGH"),
        ("penalty_weight=1", "two values or more"),
        ("penalty_weight=x0.5,x2_0", "'x2_0' is no factor as x0.5"),
        ("penalty_weight=x0.5,xabc", "'xabc' is no factor as x0.5"),
        ("seed=1,2", "is set by the plan of each trial or the data"),
        ("levels.*.stable_images=1,2", "is set by the plan of each trial or the data"),
    ],
)
def test_other_forms_are_refused(text: str, told: str, config: TrainingConfig) -> None:
    """With the forms that are possible."""
    with pytest.raises(ConfigError, match=told):
        parse_searched(text, config)


def test_what_is_no_number_cannot_be_multiplied() -> None:
    """Its values are given as choices."""
    with pytest.raises(ConfigError, match="mirror is no number"):
        like(True, 2.0, "mirror")
