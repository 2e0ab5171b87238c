"""The presets of StarGANs carry the published numbers."""

from __future__ import annotations

import pytest

from models.families.stargan.config import StarganConfig
from training.config.presets import PRESETS
from training.game.schedule import schedule_at


def test_the_papers_settings() -> None:
    """Choi et al. 2018, sections 4.3 and 5.1, and the published code: 200,000 steps of 16."""
    paper = PRESETS["stargan-paper"]
    top, objective, weights = paper.levels[-1], paper.objective, paper.translation

    assert paper.network == StarganConfig(128, 3, 64, 6, 64, 6)
    assert (top.batch_size, top.learning_rate, top.stable_images) == (16, 0.0001, 200_000 * 16)
    assert (paper.optimizer.beta1, paper.optimizer.beta2) == (0.5, 0.999)
    assert (objective.name, objective.labels, objective.critic_steps) == ("wgan-gp", "acgan", 5)
    assert (objective.label_weight, weights.cycle_weight) == (1.0, 10.0)
    assert (paper.penalty.weight, paper.penalty.target, paper.penalty.drift) == (10.0, 1.0, 0.0)
    assert paper.augmentation.mirror


@pytest.mark.parametrize("name", ["stargan-paper", "stargan-64"])
def test_the_rate_falls_to_zero_over_the_second_half(name: str) -> None:
    """That of both networks, linearly."""
    preset = PRESETS[name]
    rate, half, end = preset.levels[-1].learning_rate, preset.total_images // 2, preset.total_images
    for shown, share in ((0, 1.0), (half, 1.0), ((half + end) // 2, 0.5), (end, 0.0)):
        schedule = schedule_at(shown, preset)
        assert schedule.learning_rate == pytest.approx(rate * share)
        assert schedule.discriminator_rate == schedule.learning_rate
