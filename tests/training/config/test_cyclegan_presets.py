"""The presets of CycleGANs carry the published numbers."""

from __future__ import annotations

import pytest

from models.families.cyclegan.config import CycleganConfig
from training.config.presets import PRESETS
from training.game.schedule import schedule_at


def test_the_papers_settings() -> None:
    """Zhu et al. 2017, section 4 and appendix 7."""
    paper = PRESETS["cyclegan-paper"]
    top = paper.levels[-1]

    assert paper.network == CycleganConfig(256, 3, 64, 9, 64, 3)
    assert (top.batch_size, top.learning_rate, top.stable_images) == (1, 0.0002, 200 * 1334)
    assert (paper.optimizer.beta1, paper.optimizer.beta2) == (0.5, 0.999)
    assert paper.objective.name == "least-squares"
    weights = paper.translation
    assert (weights.cycle_weight, weights.identity_weight, weights.pool_size) == (10.0, 0.5, 50)


@pytest.mark.parametrize("name", ["cyclegan-paper", "cyclegan-64"])
def test_the_rate_falls_to_zero_over_the_second_half(name: str) -> None:
    """That of all networks, linearly."""
    preset = PRESETS[name]
    half, end = preset.total_images // 2, preset.total_images
    for shown, share in ((0, 1.0), (half, 1.0), ((half + end) // 2, 0.5), (end, 0.0)):
        schedule = schedule_at(shown, preset)
        assert schedule.learning_rate == pytest.approx(0.0002 * share)
        assert schedule.discriminator_rate == schedule.learning_rate
