"""The layers of a BigGAN: conditional normalisation, blocks that change or keep the size."""

from __future__ import annotations

import pytest
import torch

from models.families.biggan.blocks import ConditionalNorm, DownResidualBlock, UpResidualBlock
from models.families.biggan.config import BigganConfig

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


def test_blocks_double_halve_and_keep_the_size() -> None:
    """And have the number of maps asked for."""
    up = UpResidualBlock(4, 6, SHARED)
    down, keep = (DownResidualBlock(4, 6, first=False, down=each) for each in (True, False))
    x = torch.randn(2, 4, 8, 8)

    assert up(x, torch.randn(2, 4), torch.randn(2, 3)).shape == (2, 6, 16, 16)
    assert (down(x).shape, keep(x).shape) == ((2, 6, 4, 4), (2, 6, 8, 8))
    assert isinstance(DownResidualBlock(4, 4, first=False, down=False).shortcut, torch.nn.Identity)
