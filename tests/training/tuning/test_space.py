"""The settings that are searched together."""

import pytest

from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.presets import PRESETS
from training.tuning.space import default_space, settings_of, space_of


def accept(_config: TrainingConfig) -> None:
    """Data that every configuration fits."""


def at_most_four(config: TrainingConfig) -> None:
    """Data with four pictures."""
    if max(plan.batch_size for plan in config.levels) > 4:
        raise ConfigError("too few pictures")


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_presets_own_settings_are_in_the_default_space(name: str) -> None:
    """So the baseline teaches the sampler, too."""
    config = PRESETS[name]
    space = space_of(config, [], [], accept)

    own = {searched.name: searched.preset_value(config) for searched in space}
    assert None not in own.values()
    drawn = {setting: value for setting, value in own.items() if value is not None}
    assert with_values(config) == config
    settings = settings_of(space, drawn, config)
    assert TrainingConfig.from_json(config.to_json()) == config
    assert all(value is not None for value in settings.values())


def test_settings_without_effect_are_not_searched(config: TrainingConfig) -> None:
    """WGAN-GP takes the whole batch, and a fixed decay makes the half-life useless."""
    names = {s.name for s in default_space(PRESETS["paper-cifar"], [])}
    assert not {"penalty_share", "ema_half_life_images"} & names
    assert "penalty_weight" in names

    fixed = {s.name for s in default_space(config, ["levels.*.learning_rate"])}
    assert "levels.*.learning_rate" not in fixed


def test_impossible_choices_are_left_out_of_the_default_space(config: TrainingConfig) -> None:
    """A batch larger than the data, for one; in --search they are refused."""
    space = {s.name: s for s in space_of(config, [], [], at_most_four)}
    assert space["levels.*.batch_size"].choices == ("x0.5", "x1")

    with pytest.raises(ConfigError, match=r"--search levels\.\*\.batch_size=x1,x2: too few"):
        space_of(config, ["levels.*.batch_size=x1,x2"], [], at_most_four)


def test_contradictions_are_refused(config: TrainingConfig) -> None:
    """A setting twice, or searched and fixed, or out of its limits, or nothing at all."""
    twice = ["penalty_share=0.5,1", "penalty.share=0.25,1"]
    with pytest.raises(ConfigError, match="twice"):
        space_of(config, twice, [], accept)
    with pytest.raises(ConfigError, match="in --search and in --set"):
        space_of(config, twice[:1], ["penalty_share"], accept)
    with pytest.raises(ConfigError, match="penalty_share must be above 0 and up to 1, not 2"):
        space_of(config, ["penalty_share=0.5,2"], [], accept)
    names = [s.name for s in default_space(config, [])]
    with pytest.raises(ConfigError, match="nothing is left to search"):
        space_of(config, [], names, accept)
