"""PixelNorm is recognised where it is, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import openvino as ov
import pytest
import torch
from torch import Tensor

from models.layers.progan import pixel_norm
from service.engine.backends.openvino_graph import graph_of
from tests.service.engine.backends.test_openvino_graph import Doing, computed


def kinds_of(graph: ov.Model) -> list[str]:
    """The operations of a graph that compute something."""
    kinds = [node.get_type_name() for node in graph.get_ordered_ops()]
    return [kind for kind in kinds if kind not in {"Constant", "Parameter", "Result"}]


def test_pixel_norm_is_one_walk_through_the_features() -> None:
    """And a scale, which the library joins to it."""
    assert kinds_of(graph_of([Doing(pixel_norm)], (6, 8, 8))) == ["NormalizeL2", "Multiply"]


@pytest.mark.parametrize(
    "scale",
    [
        lambda x: torch.rsqrt(x.square().mean(dim=2, keepdim=True) + 1.0),
        lambda x: torch.rsqrt((x + 1.0).square().mean(dim=1, keepdim=True) + 1.0),
        lambda x: torch.rsqrt((x * 2.0).mean(dim=1, keepdim=True) + 1.0),
        lambda x: torch.tanh(x),
    ],
    ids=["another axis", "another feature", "no square", "no norm"],
)
@torch.no_grad()
def test_what_only_looks_like_pixel_norm_is_computed_as_it_is(
    scale: Callable[[Tensor], Tensor],
) -> None:
    """Nothing is taken for it by its look."""
    module = Doing(lambda x: x * scale(x))
    graph = graph_of([module], (6, 4, 4))
    x = torch.rand((2, 6, 4, 4), generator=torch.Generator().manual_seed(1))

    assert "NormalizeL2" not in kinds_of(graph)
    torch.testing.assert_close(computed(graph, x), module(x), atol=1e-5, rtol=1e-5)
