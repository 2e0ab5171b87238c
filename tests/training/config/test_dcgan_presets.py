"""The presets of DCGANs carry the published numbers."""

from __future__ import annotations

import pytest

from models.families.dcgan.config import DcganConfig
from training.config.dcgan_presets import DCGAN_PRESETS
from training.config.presets import PRESETS
from training.game.schedule import schedule_at


def test_the_papers_settings() -> None:
    """Radford et al. 2016, section 4."""
    paper = PRESETS["dcgan-paper"]
    top = paper.levels[-1]

    assert paper.network == DcganConfig(64, 3, 100, 128, 128)
    assert (top.batch_size, top.learning_rate) == (128, 0.0002)
    assert (paper.optimizer.beta1, paper.optimizer.beta2) == (0.5, 0.999)
    assert paper.objective.name == "bce"


def test_wasserstein_settings() -> None:
    """Arjovsky et al. 2017 and Gulrajani et al. 2017, algorithm 1 of both."""
    clipped, penalised = PRESETS["wgan-32"], PRESETS["wgan-gp-32"]

    assert (clipped.optimizer.name, clipped.optimizer.weight_clip) == ("rmsprop", 0.01)
    assert clipped.levels[-1].learning_rate == 0.00005
    assert (penalised.penalty.weight, penalised.levels[-1].learning_rate) == (10.0, 0.0001)
    assert {5} == {clipped.objective.critic_steps, penalised.objective.critic_steps}


@pytest.mark.parametrize("config", DCGAN_PRESETS, ids=[each.preset for each in DCGAN_PRESETS])
def test_all_images_are_shown_at_full_size(config: object) -> None:
    """From the first one on."""
    preset = next(each for each in DCGAN_PRESETS if each is config)

    for shown in (0, preset.total_images - 1):
        growth = schedule_at(shown, preset).growth
        assert (growth.resolution, growth.fading) == (preset.network.resolution, False)
