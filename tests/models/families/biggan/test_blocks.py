"""The residual blocks of a BigGAN, which change or keep the size."""

from __future__ import annotations

import torch

from models.families.biggan.blocks import DownResidualBlock, UpResidualBlock
from models.families.biggan.config import BigganConfig

SHARED = BigganConfig(16, 1, 9, 4, 256, 16, classes=2)


def test_blocks_double_halve_and_keep_the_size() -> None:
    """And have the number of maps asked for."""
    up = UpResidualBlock(4, 6, SHARED)
    down, keep = (DownResidualBlock(4, 6, first=False, down=each) for each in (True, False))
    x = torch.randn(2, 4, 8, 8)

    assert up(x, torch.randn(2, 4), torch.randn(2, 3)).shape == (2, 6, 16, 16)
    assert (down(x).shape, keep(x).shape) == ((2, 6, 4, 4), (2, 6, 8, 8))
    assert isinstance(DownResidualBlock(4, 4, first=False, down=False).shortcut, torch.nn.Identity)
