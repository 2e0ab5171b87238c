"""Rules that few networks use: what they compute, and what they refuse."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers.resampling import pad_circular
from service.engine.backends.openvino import library
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


@torch.no_grad()
@pytest.mark.parametrize("pixels", [1, 3])
def test_reflected_padding_mirrors_at_the_edge(pixels: int) -> None:
    """In both directions, corners included."""
    x = torch.randn(2, 3, 6, 4)
    module = Doing(lambda x: F.pad(x, (pixels,) * 4, mode="reflect"))

    assert torch.equal(computed(graph_of([module], (3, 6, 4)), x), module(x))


@torch.no_grad()
def test_a_part_of_a_vector_is_cut_out() -> None:
    """Without a copy of the rest."""
    x = torch.randn(2, 9)
    module = Doing(lambda x: torch.narrow(x, 1, 2, 5))

    assert torch.equal(computed(graph_of([module], (9,)), x), x[:, 2:7])


@torch.no_grad()
@pytest.mark.parametrize("weight", [None, torch.linspace(0.5, 2.0, 24)])
def test_instance_normalisation_does_not_depend_on_the_batch(weight: Tensor | None) -> None:
    """It is that of torch up to rounding, and OpenVINO fuses it into nothing that batches change.

    MVN gives other last bits in batches of 2 to 8 than alone, so the compiled graph must have none.
    """
    x = torch.randn(8, 24, 32, 32) * 3 + 1
    bias = None if weight is None else weight - 1.0
    module = Doing(lambda x: F.instance_norm(x, weight=weight, bias=bias, eps=1e-5))
    graph = graph_of([module], (24, 32, 32))
    alone = torch.cat([computed(graph, x[n : n + 1]) for n in range(8)])
    compiled = library().compile_model(graph, "CPU")
    kinds = {
        node.get_rt_info()["layerType"].astype(str)
        for node in compiled.get_runtime_model().get_ops()
    }

    torch.testing.assert_close(alone, module(x), atol=2e-6, rtol=2e-5)
    for count in (2, 3, 7, 8):
        assert torch.equal(computed(graph, x[:count]), alone[:count])
    assert "MVN" not in kinds
    assert kinds & {"Reduce", "Eltwise", "Subgraph"}


def test_instance_normalisation_by_running_statistics_is_refused() -> None:
    """Rather than translated wrongly."""
    module = Doing(
        lambda x: F.instance_norm(x, torch.zeros(4), torch.ones(4), use_input_stats=False)
    )
    with pytest.raises(NotTranslatedError, match="by running statistics is not known"):
        graph_of([module], (4, 8, 8))


@pytest.mark.parametrize(("padding", "stride"), [(1, 1), (2, 1), ((1, 1), (2, 2))])
def test_a_convolution_of_each_map_alone(
    padding: int | tuple[int, int], stride: int | tuple[int, int]
) -> None:
    """As low-pass filters are; settings may be numbers or pairs."""
    x, kernel = torch.randn(2, 3, 8, 6), torch.randn(3, 1, 4, 4)

    def run(x: Tensor) -> Tensor:
        return F.conv2d(x, kernel, None, stride, padding, groups=3)

    torch.testing.assert_close(computed(graph_of([Doing(run)], (3, 8, 6)), x), run(x))


def test_other_groups_are_refused() -> None:
    """Rather than translated wrongly."""
    kernel = torch.randn(4, 2, 3, 3)
    with pytest.raises(NotTranslatedError, match="a convolution in groups is not known"):
        graph_of([Doing(lambda x: F.conv2d(x, kernel, groups=2))], (4, 8, 8))


@torch.no_grad()
def test_a_part_of_a_vector() -> None:
    """To the bit."""
    x = torch.randn(2, 10)

    part = computed(graph_of([Doing(lambda x: torch.narrow(x, 1, 3, 4))], (10,)), x)

    assert torch.equal(part, x[:, 3:7])
