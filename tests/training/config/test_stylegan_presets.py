"""The presets of StyleGAN2 carry the published numbers."""

from __future__ import annotations

import pytest

from models.families.stylegan.config import StyleganConfig
from training.config.presets import PRESETS
from training.config.stylegan_presets import STYLEGAN_PRESETS
from training.game.schedule import schedule_at


def test_the_papers_settings() -> None:
    """Configuration F on FFHQ: gamma of R1 is 10, whatever the rule of our weight."""
    paper = PRESETS["stylegan-paper"]
    top = paper.levels[-1]

    assert paper.network == StyleganConfig(1024)
    assert (top.stable_images, top.batch_size, top.learning_rate) == (25_000_000, 32, 0.002)
    assert paper.penalty.weight * 1024**2 / top.batch_size == pytest.approx(10.0)
    assert (paper.penalty.interval, paper.style.path_length_interval) == (16, 4)
    assert (paper.style.mixing, paper.style.path_length_weight) == (0.9, 2.0)
    assert (paper.optimizer.beta1, paper.optimizer.beta2) == (0.0, 0.99)
    assert not paper.objective.reuse_fakes


@pytest.mark.parametrize("config", STYLEGAN_PRESETS, ids=[each.preset for each in STYLEGAN_PRESETS])
def test_all_images_are_shown_at_full_size(config: object) -> None:
    """From the first one on."""
    preset = next(each for each in STYLEGAN_PRESETS if each is config)

    for shown in (0, preset.total_images - 1):
        growth = schedule_at(shown, preset).growth
        assert (growth.resolution, growth.fading) == (preset.network.resolution, False)
