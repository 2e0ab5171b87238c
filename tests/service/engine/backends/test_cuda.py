"""CUDA graphs give what their steps give. What needs such a device is skipped without one."""

from __future__ import annotations

from collections.abc import Generator as Iterating
from contextlib import contextmanager

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from service.engine.backends.cuda import GraphedStep, captured, cuda_network
from service.engine.device import Target
from service.engine.streams import Work, computing

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@contextmanager
def capture_that_fails_after_a_fault() -> Iterating[None]:
    """As that of torch: its end fails, too, and does not name the cause."""
    try:
        yield
    except RuntimeError:
        raise RuntimeError("operation failed due to a previous error during capture") from None


def test_a_failed_capture_raises_the_error_that_caused_it() -> None:
    """So that want of memory is seen as that."""

    def step() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        captured(capture_that_fails_after_a_fault(), step)


def test_an_error_of_the_capture_alone_is_its_own() -> None:
    """And without an error there is the result."""

    @contextmanager
    def no_capture() -> Iterating[None]:
        yield
        raise RuntimeError("invalid capture")

    with pytest.raises(RuntimeError, match="invalid capture"):
        captured(no_capture(), lambda: 7)
    assert captured(capture_that_fails_after_a_fault(), lambda: 7) == 7


@needs_cuda
def test_a_graph_is_recorded_for_each_shape_and_replayed() -> None:
    """The result of one call outlives the next."""
    step = GraphedStep(lambda x: x * 2.0, torch.cuda.graph_pool_handle())
    x = torch.arange(6.0, device="cuda").reshape(3, 2)
    first = step(x)

    assert torch.equal(x + 1.0 + x + 1.0, step(x + 1.0))
    assert torch.equal(2.0 * x, first)
    assert torch.equal(2.0 * x[:1], step(x[:1]))
    with computing(x.device, Work.SERVING):
        assert torch.equal(2.0 * x, step(x))


@needs_cuda
def test_the_network_makes_the_generators_pictures() -> None:
    """In fp32, up to rounding."""
    generator = Generator(ProganConfig(16, 3, 16, 128, 16)).eval().requires_grad_(False)
    z = torch.randn(2, 16)
    expected = generator(z)
    target = Target(torch.device("cuda", 0), 1, "fp32")
    with torch.inference_mode(), computing(target.device, Work.SERVING):
        made = cuda_network(generator, target).ways[-1](z.cuda()).cpu()

    torch.testing.assert_close(made, expected, atol=1e-3, rtol=1e-3)
