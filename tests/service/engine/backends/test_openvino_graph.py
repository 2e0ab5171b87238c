"""What torch modules compute, their graph computes; what has no translation is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
import torch
from torch import Tensor, nn

from models.families.progan.generator import leaky_relu_pixel_norm
from models.layers.progan import pixel_norm
from service.engine.backends.openvino import library
from service.engine.backends.openvino_graph import Symbol, graph_of, shape_after
from service.engine.backends.openvino_rules import NotTranslatedError


class Doing(nn.Module):
    """A module that does one thing."""

    def __init__(self, what: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.what = what

    def forward(self, x: Tensor) -> object:
        """It."""
        return self.what(x)


def computed(graph: ov.Model, x: Tensor) -> Tensor:
    """What the graph makes of `x`."""
    compiled = library().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return torch.from_numpy(np.array(compiled([x.numpy()])[0]))


@torch.no_grad()
@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Linear(6, 5), (6,)),
        (nn.Linear(6, 5, bias=False), (6,)),
        (nn.Conv2d(6, 5, 3, padding=1), (6, 8, 8)),
        (nn.Conv2d(6, 5, 3, stride=2, bias=False), (6, 8, 8)),
        (nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1), (6, 8, 8)),
        (nn.Sequential(nn.Conv2d(6, 4, 5, padding=2), nn.LeakyReLU(0.2)), (6, 8, 8)),
        (nn.ReLU(), (6, 8, 8)),
        (nn.SiLU(), (6, 8, 8)),
        (nn.Tanh(), (6, 8, 8)),
        (Doing(leaky_relu_pixel_norm), (6, 8, 8)),
        (Doing(pixel_norm), (6,)),
        (Doing(lambda x: 0.5 + (x + x) * 2.0), (6,)),
        (Doing(lambda x: x.reshape(-1, 3, 2).float() + 1), (6,)),
        (nn.MaxPool2d(2), (6, 8, 8)),
        (Doing(lambda x: torch.matmul(x, x.transpose(1, 2))), (6, 4)),
        (Doing(lambda x: torch.softmax(x, dim=-1)), (6, 4)),
        (Doing(lambda x: torch.cat([x, x * torch.ones(1, 6, 4)], 1)), (6, 4)),
        (Doing(lambda x: x * torch.rsqrt(x.square().mean(dim=2) + 1.0).reshape(-1, 6, 1)), (6, 6)),
    ],
)
def test_a_graph_computes_what_its_module_does(module: nn.Module, shape: tuple[int, ...]) -> None:
    """In batches of any size."""
    graph = graph_of([module], shape)
    for count in (1, 3):
        x = torch.randn((count, *shape), generator=torch.Generator().manual_seed(count))
        torch.testing.assert_close(computed(graph, x), module(x), atol=1e-5, rtol=1e-5)
    assert shape_after(graph) == module(x).shape[1:]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (nn.Conv2d(4, 4, 3, groups=2), "a convolution in groups is not known"),
        (nn.Conv2d(4, 4, 3, padding="same"), "a convolution with named padding is not known"),
        (nn.ConvTranspose2d(4, 4, 3, groups=2), "a convolution in groups is not known"),
        (nn.Softmax(dim=1), "softmax is not known"),
        (Doing(lambda x: x.cumsum(0)), r"Tensor\.cumsum is not known"),
        (Doing(lambda x: x.to(torch.float16)), r"Tensor\.to\(torch.float16\) is not known"),
        (Doing(lambda x: x[0]), "not subscriptable"),
        (Doing(lambda x: 3), "a result of type int is not known"),
    ],
)
def test_what_has_no_translation_is_refused_by_name(module: nn.Module, reason: str) -> None:
    """Rather than translated wrongly."""
    with pytest.raises(NotTranslatedError, match=reason):
        graph_of([module], (4, 8, 8))


def test_a_symbol_answers_pythons_own_questions_as_any_object_does() -> None:
    """`copy`, `pickle` and the like ask for names with underscores."""
    start = ov.opset13.parameter([-1, 4], np.float32)

    assert not hasattr(Symbol(start), "__array__")
