"""Steps at one fixed batch size: padded, split, and exact in every slot or run alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from service.engine.backends.complete_ways import complete_ways
from service.engine.backends.eager import CompiledNetwork, FoldedModules
from service.engine.fixed_batch import (
    FixedBatchStep,
    fixed_batch_network,
    fixed_size,
    is_slot_independent,
    largest_batches,
    probe_count,
    slot_independent_network,
)

CPU = torch.device("cpu")


class Sized:
    """Doubles; notes the sizes of its batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, x: Tensor) -> Tensor:
        """One step."""
        self.sizes.append(len(x))
        return 2.0 * x


class Slotted(Sized):
    """Adds a speck in its last slot, as a kernel that sums in another order there."""

    def __call__(self, x: Tensor) -> Tensor:
        """One step."""
        doubled = super().__call__(x)
        if len(x) > 1:
            doubled[-1] += 1e-6
        return doubled


class Sociable(Sized):
    """Adds a speck to every image beside a large one."""

    def __call__(self, x: Tensor) -> Tensor:
        """One step."""
        return super().__call__(x) + 1e-6 * (x.amax() > 2.5)


def test_a_way_is_limited_by_the_size_at_which_it_computes() -> None:
    """Before its box filter."""
    config, ways = ProganConfig(1024), (Sized(),) * 4
    form = CompiledNetwork((), ways, (0,) * 4, (64, 256, 512, 1024), CPU, "fp32")

    assert largest_batches(form, config.size_at, 8) == (8, 8, 2, 1)
    boxed = CompiledNetwork(
        (), ways, (0,) * 4, (64, 128, 256, 512), CPU, "fp32", boxes=(8, 4, 2, 1)
    )
    assert largest_batches(boxed, config.size_at, 8) == (2, 2, 2, 2)


@pytest.mark.parametrize(
    ("size", "most", "fixed"),
    [
        ((64, 64), 8, 8),
        ((256, 256), 8, 8),
        ((512, 512), 8, 2),
        ((1024, 1024), 8, 1),
        ((256, 384), 8, 5),
        ((64, 64), 3, 3),
        ((1024, 1024), 1, 1),
    ],
)
def test_large_images_have_small_batches(size: tuple[int, int], most: int, fixed: int) -> None:
    """A padded slot costs as much as an image."""
    assert fixed == fixed_size(size, most)


@pytest.mark.parametrize("count", range(1, 10))
def test_a_step_always_runs_at_its_size(count: int) -> None:
    """And gives every image its result, in order."""
    step = Sized()
    x = torch.arange(3.0 * count).reshape(count, 3)

    assert torch.equal(2.0 * x, FixedBatchStep(step, 4)(x))
    assert set(step.sizes) == {4}


@pytest.mark.parametrize(
    ("step", "exact"), [(Sized(), True), (Slotted(), False), (Sociable(), False)]
)
def test_a_trial_finds_what_slot_or_company_change(step: Sized, exact: bool) -> None:
    """In the last bit of one slot, or beside one image."""
    entries = torch.arange(4.0)[:, None]

    assert is_slot_independent(FixedBatchStep(step, 4), entries) is exact


def test_a_way_that_fails_its_trial_runs_alone() -> None:
    """The others keep their size."""
    good, bad = Sized(), Slotted()
    network = CompiledNetwork(
        (), (good, bad), (0, 0), (4, 8), CPU, "fp32", "graphs", fixed_batches=True
    )
    fixed = fixed_batch_network(network, lambda r: (r, r), 4)
    exact = slot_independent_network(fixed, torch.arange(4.0)[:, None])
    for step in (good, bad):
        step.sizes.clear()
    for way in exact.ways:
        way(torch.zeros(3, 1))

    assert ([4], [1, 1, 1]) == (good.sizes, bad.sizes)


def test_the_name_of_the_engine_tells_the_size() -> None:
    """Another size may change the last bit of a picture, and so its address must change."""
    network = CompiledNetwork((), (Sized(),), (0,), (4,), CPU, "fp32", "graphs", fixed_batches=True)

    assert fixed_batch_network(network, lambda r: (r, r), 6).engine == "graphs of 6"


def test_bf16_is_tried_on_more_images() -> None:
    """Its rounding hides most differences."""
    fp32 = CompiledNetwork((), (), (), (), CPU, "fp32")
    bf16 = CompiledNetwork((), (), (), (), CPU, "bf16")

    assert probe_count(bf16, 8) == 4 * probe_count(fp32, 8) == 32


@torch.inference_mode()
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_real_network_does_not_depend_on_the_fill(precision: str) -> None:
    """On a CPU, where one size always takes one kernel, too; the trial decides for each way."""
    generator = Generator(ProganConfig(16, 3, 32, 256, 32)).eval().requires_grad_(False)
    folded = FoldedModules.of(generator)
    ways = complete_ways(folded, CPU, precision)
    plain = CompiledNetwork(
        (), ways, (0,) * len(ways), folded.resolutions, CPU, precision, fixed_batches=True
    )
    z = torch.randn(8, 32, generator=torch.Generator().manual_seed(3))
    network = slot_independent_network(fixed_batch_network(plain, lambda r: (r, r), 4), z)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(5))

    for way in network.ways:
        alone = torch.cat([way(z[i : i + 1]) for i in range(8)])
        assert torch.equal(way(z[order]), alone[order])
        for fill in range(1, 8):
            assert torch.equal(way(z[:fill]), alone[:fill]), fill
