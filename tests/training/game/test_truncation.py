"""Statistics for truncated latents: those of fixed seeds, and nothing else of the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.biggan.offer import draw_biggan_weights
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from training.game import statistics
from training.game.statistics import accumulate_statistics, recompute_statistics
from training.game.truncation import PSI_STEPS, with_truncation

CONFIG = BigganConfig(16, 1, 9, 4, 128, 8, classes=3)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> BigganGenerator:
    """Random weights, with statistics of one batch of its own."""
    monkeypatch.setattr(statistics, "STATISTICS_SEEDS", range(4_000_000, 4_000_064))
    network = BigganGenerator(CONFIG).eval().requires_grad_(False)
    draw_biggan_weights(network, np.random.default_rng(0))
    recompute_statistics(network)
    return network


def test_each_step_of_psi_has_the_statistics_of_latents_truncated_with_it(
    generator: BigganGenerator,
) -> None:
    """Of all normalisations; between seeds and resolutions nothing else changes."""
    truncating = with_truncation(generator)
    assert isinstance(truncating, BigganGenerator)
    assert truncating.config == replace(CONFIG, psi_steps=PSI_STEPS)

    for step in (0, 3):
        accumulate_statistics(generator, step / PSI_STEPS)
        means = torch.cat([norm.get_buffer("running_mean") for norm in generator.synthesis.norms])
        assert torch.equal(truncating.truncated_means[step], means)
    variances = truncating.truncated_variances
    assert (variances[0, :8] < variances[9, :8]).all()  # of the first layer, which sees the latent


def test_without_truncation_every_image_stays_to_the_bit(generator: BigganGenerator) -> None:
    """The copy has the same weights and statistics for psi 1, and is in evaluation mode."""
    truncating = with_truncation(generator)
    assert isinstance(truncating, BigganGenerator)
    z, labels = torch.randn(3, 9), torch.tensor([2, 0, 1])

    assert torch.equal(truncating(z, None, labels), generator(z, None, labels))
    assert not any(module.training for module in truncating.modules())
    again = with_truncation(truncating)
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in truncating.state_dict().items())


def test_a_run_may_choose_how_many_steps_there_are(generator: BigganGenerator) -> None:
    """By its configuration; other families are left alone."""
    chosen = BigganGenerator(replace(CONFIG, psi_steps=2)).eval()

    assert with_truncation(chosen).config == chosen.config
    other = Generator(ProganConfig(8, 3, 8, 32, 8))
    assert with_truncation(other) is other
