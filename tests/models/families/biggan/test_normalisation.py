"""The normalisations of a BigGAN: condition, folding, correction for truncated latents."""

from __future__ import annotations

import pytest
import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.normalisation import (
    NORM_EPSILON,
    ConditionalNorm,
    Correction,
    OutputNorm,
)

SHARED = BigganConfig(16, 1, 9, 4, 256, 16, classes=2)
NOT_SHARED = BigganConfig(16, 1, 9, 0, 256, 16, classes=2)


@torch.no_grad()
def test_classes_and_latent_choose_factor_and_summand() -> None:
    """(x - mean) / deviation, times 1 + G y, plus B y; a table for each class alone."""
    layer = ConditionalNorm(3, NOT_SHARED).train()
    x, shares = torch.randn(2, 3, 5, 5), torch.eye(2)
    normal = (x - x.mean(dim=(0, 2, 3), keepdim=True)) / (
        x.var(dim=(0, 2, 3), keepdim=True, correction=0) + 1e-5
    ).sqrt()
    factor, summand = layer.factor.weight.T, layer.summand.weight.T

    expected = normal * (1.0 + factor[:, :, None, None]) + summand[:, :, None, None]

    torch.testing.assert_close(layer(x, shares, None), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("config", [SHARED, NOT_SHARED, BigganConfig(16, 1, 9, 4, 256, 16)])
def test_a_folded_norm_computes_the_same(config: BigganConfig) -> None:
    """With running statistics; a few roundings apart."""
    layer = ConditionalNorm(3, config)
    kind = torch.randn(2, config.class_size or config.classes) if config.classes else None
    chunk = torch.randn(2, config.chunk_size) if config.chunk_size else None
    for _ in range(3):
        layer(torch.randn(2, 3, 5, 5) * 2.0 + 1.0, kind, chunk)
    layer.eval()
    x = torch.randn(2, 3, 5, 5)

    folded = layer.folded()(x, kind, chunk)

    torch.testing.assert_close(folded, layer(x, kind, chunk), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_correction_gives_other_statistics_before_and_after_folding() -> None:
    """Those it was made of, as in a normalisation that has them itself; a few roundings apart."""
    usual, other = ConditionalNorm(3, NOT_SHARED).eval(), ConditionalNorm(3, NOT_SHARED).eval()
    other.load_state_dict(usual.state_dict())
    mean, variance = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([4.0, 0.25, 1.0])
    other.norm.running_mean, other.norm.running_var = mean, variance
    factor = torch.sqrt((1.0 + NORM_EPSILON) / (variance + NORM_EPSILON))
    correction = Correction(factor.expand(2, -1), (-mean * factor).expand(2, -1))
    x, kind = torch.randn(2, 3, 5, 5), torch.eye(2)

    expected = other(x, kind, None)

    for layer in (usual, usual.folded()):
        torch.testing.assert_close(layer(x, kind, None, correction), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_last_normalisation_is_corrected_too() -> None:
    """By the same rule, and before its ReLU."""
    layer = OutputNorm(3).eval()
    x, factor, summand = torch.randn(2, 3, 4, 4), torch.rand(2, 3) + 0.5, torch.randn(2, 3)
    correction = Correction(factor, summand)
    expected = layer(x * factor[:, :, None, None] + summand[:, :, None, None])

    for each in (layer, layer.folded()):
        torch.testing.assert_close(each(x, correction), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_correction_by_one_and_zero_changes_no_bit() -> None:
    """So pictures that are not truncated are those of a network without corrections."""
    conditional, last = ConditionalNorm(3, SHARED).eval(), OutputNorm(3).eval()
    nothing = Correction(torch.ones(2, 3), torch.zeros(2, 3))
    x, kind, chunk = torch.randn(2, 3, 5, 5), torch.randn(2, 4), torch.randn(2, 3)

    for layer in (conditional, conditional.folded()):
        assert torch.equal(layer(x, kind, chunk, nothing), layer(x, kind, chunk))
    for layer in (last, last.folded()):
        assert torch.equal(layer(x, nothing), layer(x))
