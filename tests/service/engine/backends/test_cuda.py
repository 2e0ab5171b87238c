"""CUDA graphs give what their steps give. Skipped where there is no such device."""

from __future__ import annotations

import pytest
import torch

from models.families.progan.config import NetworkConfig
from models.families.progan.generator import Generator
from service.engine.backends.cuda import DTYPES, GraphedStep, cuda_network
from service.engine.device import Target

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_every_precision_has_a_type_of_torch() -> None:
    """The two that can be set."""
    assert {"fp32": torch.float32, "bf16": torch.bfloat16} == DTYPES


@needs_cuda
def test_a_graph_is_recorded_for_each_shape_and_replayed() -> None:
    """The result of one call outlives the next."""
    step = GraphedStep(lambda x: x * 2.0)
    x = torch.arange(6.0, device="cuda").reshape(3, 2)
    first = step(x)

    assert torch.equal(x + 1.0 + x + 1.0, step(x + 1.0))
    assert torch.equal(2.0 * x, first)
    assert torch.equal(2.0 * x[:1], step(x[:1]))


@needs_cuda
def test_the_form_makes_the_generators_pictures() -> None:
    """In fp32, up to rounding."""
    generator = Generator(NetworkConfig(16, 3, 16, 128, 16)).eval().requires_grad_(False)
    z = torch.randn(2, 16)
    expected = generator(z)
    target = Target(torch.device("cuda", 0), 1, "fp32")
    with torch.inference_mode():
        form = cuda_network(generator, target)
        features = z.cuda()
        for step in form.trunk:
            features = step(features)

    torch.testing.assert_close(form.ways[-1](features).cpu(), expected, atol=1e-3, rtol=1e-3)
