"""The settings of a translation, and where they have no meaning."""

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.overrides import apply_settings
from training.config.presets import PRESETS

CYCLEGAN = PRESETS["cyclegan-64"]
STARGAN = PRESETS["stargan-64"]


def test_they_are_set_by_their_short_names() -> None:
    """And stand in the configuration of a run."""
    settings = ["cycle_weight=5", "identity_weight=0", "pool_size=0"]
    config = apply_settings(CYCLEGAN, settings)

    assert (config.translation.cycle_weight, config.translation.pool_size) == (5.0, 0)
    assert TrainingConfig.from_json(config.to_json()) == config


def test_a_run_of_another_family_does_not_hold_them() -> None:
    """Its configuration keeps the bytes that it had before there were translations."""
    assert "translation" not in PRESETS["dcgan-32"].to_json()
    with pytest.raises(ConfigError, match="for translation, which a network of the family dcgan"):
        apply_settings(PRESETS["dcgan-32"], ["cycle_weight=5"])


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("augment=color", "trained without augment"),
        ("critic_steps=2", "has critic_steps=1, not 2"),
        ("objective=bce", "family cyclegan is least-squares, not bce"),
        ("labels=projection", "family cyclegan is none, not projection"),
        ("network.classes=3", "between 2 domains, not 3"),
        ("pool_size=-1", "pool_size"),
    ],
)
def test_what_a_translation_has_not_is_refused(setting: str, why: str) -> None:
    """With what is possible instead."""
    with pytest.raises(ConfigError, match=why):
        apply_settings(CYCLEGAN, [setting])


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("augment=color", "trained without augment"),
        ("identity_weight=0.5", "family stargan has no identity term and no earlier fakes: set"),
        ("pool_size=50", "set identity_weight=0 and pool_size=0"),
        ("objective=least-squares", "family stargan is wgan-gp, not least-squares"),
        ("labels=none", "family stargan is acgan, not none"),
        ("network.classes=1", "between 2 or more domains, not 1"),
    ],
)
def test_what_one_generator_for_all_domains_has_not_is_refused(setting: str, why: str) -> None:
    """With what is possible instead; the critic may take any number of steps."""
    with pytest.raises(ConfigError, match=why):
        apply_settings(STARGAN, [setting])
    assert apply_settings(STARGAN, ["critic_steps=5"]).objective.critic_steps == 5
