"""Groups of settings: strict in types, and checked within."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from training.config.groups import (
    AugmentationConfig,
    AverageConfig,
    ConfigError,
    LevelPlan,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)

GROUPS = (ObjectiveConfig, PenaltyConfig, OptimizerConfig, AverageConfig, AugmentationConfig)


@pytest.mark.parametrize("group", [*GROUPS, LevelPlan])
def test_every_setting_is_described(group: type[object]) -> None:
    """In the JSON schema, too."""
    properties = TypeAdapter(group).json_schema()["properties"]

    assert all(setting["description"] for setting in properties.values())


@pytest.mark.parametrize("value", ["4", 4.5, True, None])
def test_a_value_of_another_type_is_no_batch_size(value: object) -> None:
    """Not even a text or a fraction that could be read as one."""
    plan = LevelPlan(4, 0, 10, 4)
    with pytest.raises(ValidationError, match="batch_size"):
        replace(plan, batch_size=value)  # pyright: ignore[reportArgumentType]


def test_an_adaptive_strength_needs_something_to_adapt() -> None:
    """The message says what to add."""
    with pytest.raises(ConfigError, match="add for example augment=color,translation,cutout"):
        AugmentationConfig(target=0.6)
