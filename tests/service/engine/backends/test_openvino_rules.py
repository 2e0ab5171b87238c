"""Rules that few networks use: what they compute, and what they refuse."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from models.resampling import pad_circular
from service.engine.backends.openvino_graph import graph_of
from service.engine.backends.openvino_rules import NotTranslatedError
from tests.service.engine.backends.test_openvino_graph import Doing, computed


@torch.no_grad()
@pytest.mark.parametrize("pixels", [1, 2, 4])
def test_circular_padding_copies_the_opposite_side(pixels: int) -> None:
    """In both directions, corners included."""
    x = torch.randn(2, 3, 6, 4)

    padded = computed(graph_of([Doing(lambda x: pad_circular(x, pixels))], (3, 6, 4)), x)

    assert torch.equal(padded, pad_circular(x, pixels))


@pytest.mark.parametrize(
    "module",
    [
        Doing(lambda x: F.pad(x, (1, 1, 1, 1))),
        Doing(lambda x: F.pad(x, (1, 1, 2, 2), mode="circular")),
        Doing(lambda x: F.pad(x, (1, 1), mode="circular")),
    ],
)
def test_other_padding_is_refused(module: nn.Module) -> None:
    """Rather than translated wrongly."""
    with pytest.raises(NotTranslatedError, match="padding of this kind is not known"):
        graph_of([module], (4, 8, 8))


@torch.no_grad()
def test_a_box_filter_averages_whole_blocks() -> None:
    """Up to the rounding of the sums."""
    x = torch.randn(2, 3, 8, 4)

    pooled = computed(graph_of([nn.AvgPool2d(4)], (3, 8, 4)), x)

    torch.testing.assert_close(pooled, F.avg_pool2d(x, 4), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    "module", [nn.AvgPool2d(2, stride=1), nn.AvgPool2d(2, padding=1), nn.AvgPool2d((2, 4))]
)
def test_other_pooling_is_refused(module: nn.Module) -> None:
    """Rather than translated wrongly."""
    with pytest.raises(NotTranslatedError, match="average pooling of this kind is not known"):
        graph_of([module], (4, 8, 8))
