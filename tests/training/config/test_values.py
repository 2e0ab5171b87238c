"""Values of settings: types, limits, and the words for them."""

import pytest

from training.config.groups import ConfigError, LevelPlan, OptimizerConfig, PenaltyConfig
from training.config.values import limits_of, read_value, setting_of


@pytest.mark.parametrize(
    ("owner", "key", "words"),
    [
        (PenaltyConfig, "share", "above 0 and up to 1"),
        (PenaltyConfig, "weight", "0 or more"),
        (OptimizerConfig, "beta2", "0 or more and below 1"),
        (LevelPlan, "batch_size", "1 or more"),
        (PenaltyConfig, "kind", ""),
    ],
)
def test_limits_are_said_in_words(owner: type[object], key: str, words: str) -> None:
    """From where the setting is declared."""
    assert limits_of(setting_of(owner, key)[1]) == words


@pytest.mark.parametrize(("text", "value"), [("3", 3.0), ("1e-3", 0.001), ("0", 0.0)])
def test_text_becomes_a_number(text: str, value: float) -> None:
    """Of the type of the setting."""
    read = read_value("penalty_weight", setting_of(PenaltyConfig, "weight"), text)

    assert read == value
    assert isinstance(read, float)


@pytest.mark.parametrize("text", ["", "inf", "nan", "-1", "0x10", "1,5", "--"])
def test_text_that_is_no_allowed_number_is_refused(text: str) -> None:
    """Naming the setting."""
    with pytest.raises(ConfigError, match="^penalty_weight must be "):
        read_value("penalty_weight", setting_of(PenaltyConfig, "weight"), text)


@pytest.mark.parametrize("text", ["1_0", " 10", "10\n"])
@pytest.mark.parametrize(
    ("owner", "key", "words"),
    [(PenaltyConfig, "weight", "a number"), (LevelPlan, "batch_size", "a whole number")],
)
def test_numbers_are_written_as_on_every_command_line(
    owner: type[object], key: str, words: str, text: str
) -> None:
    """In digits: Python alone reads these."""
    with pytest.raises(ConfigError, match=f"^{key} must be {words}, not "):
        read_value(key, setting_of(owner, key), text)
