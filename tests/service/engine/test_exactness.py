"""Steps run only at batch sizes at which they give every image the bytes it has alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.exactness import (
    ExactStep,
    exact_network,
    exact_sizes,
    ladder,
    single_image_network,
)

CPU = torch.device("cpu")


class Moody:
    """Adds one, and a speck more in batches of the sizes it is moody at; notes all sizes."""

    def __init__(self, *moody_at: int) -> None:
        self.moody_at = moody_at
        self.sizes: list[int] = []

    def __call__(self, x: Tensor) -> Tensor:
        """One step."""
        self.sizes.append(len(x))
        return x + 1.0 + (1e-6 if len(x) in self.moody_at else 0.0)


@pytest.mark.parametrize(
    ("longest", "rungs"), [(1, ()), (2, (2,)), (7, (4, 2)), (8, (8, 4, 2)), (9, (8, 4, 2))]
)
def test_the_ladder_has_powers_of_two(longest: int, rungs: tuple[int, ...]) -> None:
    """Largest first; one needs no proof."""
    assert rungs == ladder(longest)


def test_only_sizes_that_change_nothing_are_exact() -> None:
    """A difference in the last bit is a difference."""
    step, x = Moody(4), torch.zeros(8, 3)

    assert [8, 2] == exact_sizes(step, x, x + 1.0, (8, 4, 2))


def test_an_exact_step_splits_its_batch_and_keeps_the_order() -> None:
    """Seven are four, two and one."""
    step = Moody()
    x = torch.arange(7.0)[:, None]

    result = ExactStep(step, (4, 2))(x)

    assert [4, 2, 1] == step.sizes
    assert torch.equal(x + 1.0, result)


def form_of(*steps: Moody) -> CompiledNetwork:
    """A stem, one level and two exits."""
    stem, level, low, high = steps
    return CompiledNetwork((stem, level), (low, high), (1, 2), (4, 8), CPU, "fp32")


def test_a_form_is_held_to_the_sizes_at_which_each_step_is_exact() -> None:
    """A moody stem runs alone, the rest in batches."""
    stem, level, low, high = steps = Moody(2, 4), Moody(), Moody(4), Moody()
    exact = exact_network(form_of(*steps), torch.zeros(4, 3), ladder(4))
    for step in steps:
        step.sizes.clear()
    features = exact.trunk[0](torch.zeros(4, 3))
    exact.ways[0](features)
    exact.ways[1](exact.trunk[1](features))

    assert ([1, 1, 1, 1], [4], [2, 2], [4]) == (stem.sizes, level.sizes, low.sizes, high.sizes)


def test_exits_beyond_the_shared_levels_are_proved_from_the_last_of_them() -> None:
    """There a form has fewer levels than exits."""
    stem, level, low, high, top = Moody(), Moody(), Moody(), Moody(2), Moody(4)
    starts, resolutions = (1, 2, 2), (4, 8, 16)
    form = CompiledNetwork(
        (stem, level), (low, high, top), starts, resolutions, CPU, "fp32", "moods 1"
    )
    exact = exact_network(form, torch.zeros(4, 3), ladder(4))
    for step in (high, top):
        step.sizes.clear()
    for way in exact.ways[1:]:
        way(exact.trunk[1](exact.trunk[0](torch.zeros(4, 3))))

    assert ([4], [2, 2]) == (high.sizes, top.sizes)
    assert ("moods 1", "moods 1") == (exact.engine, single_image_network(form).engine)


def test_a_single_form_runs_everything_alone() -> None:
    """The slow form that is exact by construction."""
    steps = Moody(), Moody(), Moody(), Moody()
    single = single_image_network(form_of(*steps))
    single.trunk[1](single.trunk[0](torch.zeros(3, 2)))

    assert ([1, 1, 1], [1, 1, 1]) == (steps[0].sizes, steps[1].sizes)


@torch.inference_mode()
@pytest.mark.parametrize("width", [16, 64])
def test_a_real_network_gives_the_same_bytes_at_every_batch_size(width: int) -> None:
    """Plain eager PyTorch does not; held to its exact sizes, it does."""
    generator = Generator(ProganConfig(32, 3, 32, 16 * width, width)).eval().requires_grad_(False)
    plain = eager_network(generator, CPU)
    z = torch.randn(9, 32, generator=torch.Generator().manual_seed(3))
    form = exact_network(plain, z[:8], ladder(8))

    def picture(latents: Tensor) -> Tensor:
        for step in form.trunk:
            latents = step(latents)
        return form.ways[-1](latents)

    alone = torch.cat([picture(z[i : i + 1]) for i in range(9)])
    for size in range(2, 10):
        assert torch.equal(picture(z[:size]), alone[:size]), size


def test_large_pictures_run_in_smaller_batches() -> None:
    """And larger ones are not even tried, since the memory for them would stay."""
    low, high = Moody(), Moody()
    form = CompiledNetwork((), (low, high), (0, 0), (4, 8), CPU, "fp32")

    exact = exact_network(form, torch.zeros(8, 3), ladder(8), (4, 1))
    for way in exact.ways:
        way(torch.zeros(7, 3))

    assert max(low.sizes) == 4
    assert set(high.sizes) == {1}


def test_a_way_may_begin_at_the_entry_vectors() -> None:
    """Where nothing is shared, the trunk is empty."""
    low, high = Moody(2), Moody()
    form = CompiledNetwork((), (low, high), (0, 0), (4, 8), CPU, "fp32")
    exact = exact_network(form, torch.zeros(4, 3), ladder(4))
    for step in (low, high):
        step.sizes.clear()
    for way in exact.ways:
        way(torch.zeros(6, 3))

    assert ([4, 1, 1], [4, 2]) == (low.sizes, high.sizes)
