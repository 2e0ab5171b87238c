"""The presets of BigGANs carry the published numbers."""

from __future__ import annotations

import pytest

from models.families.biggan.config import BigganConfig
from training.config.biggan_presets import BIGGAN_PRESETS
from training.config.presets import PRESETS
from training.game.schedule import schedule_at


def test_the_papers_settings() -> None:
    """At 128 px."""
    paper = PRESETS["biggan-paper"]
    top = paper.levels[-1]

    assert paper.network == BigganConfig(128, attention=64, classes=1000)
    assert (top.batch_size, top.learning_rate) == (2048, 0.00005)
    assert top.learning_rate * paper.optimizer.discriminator_rate == pytest.approx(0.0002)
    assert (paper.optimizer.beta1, paper.optimizer.beta2) == (0.0, 0.999)
    assert (paper.objective.name, paper.objective.critic_steps) == ("hinge", 2)
    assert (paper.penalty.weight, paper.average.decay) == (0.0, 0.9999)
    updates = top.stable_images / top.batch_size / paper.objective.critic_steps
    assert updates == 150_000


@pytest.mark.parametrize("config", BIGGAN_PRESETS, ids=[each.preset for each in BIGGAN_PRESETS])
def test_all_images_are_shown_at_full_size(config: object) -> None:
    """From the first one on."""
    preset = next(each for each in BIGGAN_PRESETS if each is config)

    for shown in (0, preset.total_images - 1):
        growth = schedule_at(shown, preset).growth
        assert (growth.resolution, growth.fading) == (preset.network.resolution, False)
