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
