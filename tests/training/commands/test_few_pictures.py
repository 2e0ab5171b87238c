"""Advice for small data sets: it can be followed as it stands."""

from training.commands.few_pictures import hint_for_few
from training.config.config import TrainingConfig
from training.config.overrides import with_settings
from training.config.presets import PRESETS


def test_few_pictures_are_answered_with_what_to_set(config: TrainingConfig) -> None:
    """As long as neither augmentation nor enough pictures are there."""
    mirrored = with_settings(config, {"augment": "color"})

    assert "--set augment=color,translation,cutout, or" in hint_for_few(config, 500)
    assert "few-128" in hint_for_few(config, 500)
    assert hint_for_few(config, 2_000) == hint_for_few(mirrored, 500) == ""
    assert hint_for_few(PRESETS["few-128"], 300) == ""


def test_few_pictures_to_translate_are_answered_with_what_a_translation_takes() -> None:
    """The advice can be followed: it is no augmentation, which a CycleGAN refuses."""
    config = PRESETS["cyclegan-64"]
    told = hint_for_few(config, 500)
    name, _, value = told.partition("--set ")[2].partition(" ")[0].partition("=")

    assert told.endswith("Add --set mirror=true (where left and right may swap)")
    assert hint_for_few(with_settings(config, {name: value == "true"}), 500) == ""
