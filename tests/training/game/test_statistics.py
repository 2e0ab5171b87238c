"""Statistics of the averaged generator are its own, not averages of those of others."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.dcgan.config import DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.layers.spectral import SpectralConv2d
from training.game import statistics
from training.game.statistics import recompute_statistics
from training.rendering import latents_and_labels


@pytest.fixture
def few_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch."""
    monkeypatch.setattr(statistics, "STATISTICS_SEEDS", range(4_000_000, 4_000_064))


def dcgan(classes: int = 0) -> DcganGenerator:
    """Random weights, and statistics that are not theirs."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = DcganConfig(8, 1, 8, generator_maps=4, classes=classes)
        generator = DcganGenerator(config).eval().requires_grad_(False)
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.fill_(7.0)
    return generator


@pytest.mark.parametrize("classes", [0, 3])
def test_they_are_those_of_pictures_of_fixed_seeds(few_seeds: None, classes: int) -> None:
    """So the first features have a mean of 0 and a deviation of 1 over these seeds."""
    generator = dcgan(classes)
    recompute_statistics(generator)
    z, labels = latents_and_labels(generator, statistics.STATISTICS_SEEDS)
    first = generator.blocks[0]
    entries = z if labels is None else torch.cat([z, torch.eye(classes)[labels]], dim=1)
    features = first.get_submodule("norm")(
        first.get_submodule("conv")(first.get_submodule("entry")(entries))
    )

    assert not any(module.training for module in generator.modules())
    torch.testing.assert_close(features.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(features.var(dim=(0, 2, 3)), torch.ones(4), atol=2e-2, rtol=0)


def test_they_are_a_function_of_the_weights(few_seeds: None) -> None:
    """Computed twice, they are the same to the bit."""
    generator = dcgan()
    recompute_statistics(generator)
    once = {name: value.clone() for name, value in generator.named_buffers()}
    recompute_statistics(generator)

    assert all(torch.equal(value, once[name]) for name, value in generator.named_buffers())
    assert generator.get_buffer("blocks.0.norm.num_batches_tracked").dtype == torch.int64


def test_a_network_without_them_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is rendered."""
    generator = Generator(ProganConfig(8, 3, 8, 32, 8))
    monkeypatch.setattr(statistics, "latents_and_labels", None)

    recompute_statistics(generator)


def test_spectral_norms_are_those_of_the_averaged_weights(few_seeds: None) -> None:
    """Whatever the estimate was: the largest singular value of each kernel is 1."""
    config = BigganConfig(8, 1, 8, 4, fmap_base=64, fmap_max=8)
    generator = BigganGenerator(config).eval().requires_grad_(False)

    recompute_statistics(generator)

    layers = [each for each in generator.modules() if isinstance(each, SpectralConv2d)]
    norms = [torch.linalg.matrix_norm(SpectralConv2d.kernel(x).flatten(1), 2) for x in layers]
    assert len(norms) == 4
    assert all(norm.item() == pytest.approx(1.0, abs=0.02) for norm in norms)
