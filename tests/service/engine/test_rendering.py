"""A batch of recipes -> images: the right ones, in the right order, at the right level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.families.progan.config import NetworkConfig
from models.families.progan.generator import Generator
from models.latent import latent_of, lerp, slerp
from service.batching.recipe import Method, Point, Recipe, point_of
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.backends.select import select_backend
from service.engine.device import Target
from service.engine.rendering import latent_at, latents_of, render_network
from tests.conftest import picture_of

CONFIG = NetworkConfig(32, 3, 16, 256, 16)


@pytest.fixture(scope="module")
def network() -> Generator:
    """A tiny network of random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return Generator(CONFIG).eval().requires_grad_(False)


def copy_of(network: Generator) -> Generator:
    """A form takes its modules over."""
    copy = Generator(CONFIG)
    copy.load_state_dict(network.state_dict())
    return copy.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def form(network: Generator) -> CompiledNetwork:
    """The same, ready to run."""
    copy = copy_of(network)
    return eager_network(copy.stem, copy.levels, copy.exits, torch.device("cpu"))


@pytest.fixture(scope="module")
def compiled(network: Generator) -> CompiledNetwork:
    """The same, with one level that goes on from the last shared one."""
    return select_backend(copy_of(network), Target(torch.device("cpu"), 1, "fp32"))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(CONFIG.resolutions)), min_size=1, max_size=9
    )
)
def test_a_mixed_batch_gives_each_recipe_its_own_picture(
    network: Generator,
    form: CompiledNetwork,
    compiled: CompiledNetwork,
    wanted: list[tuple[int, int]],
) -> None:
    """Whatever the order and the mixture of resolutions, and wherever the network is cut."""
    recipes = [Recipe("m", point_of(seed), resolution) for seed, resolution in wanted]

    for images in (render_network(f, CONFIG.latent_size, recipes) for f in (form, compiled)):
        for (seed, resolution), image in zip(wanted, images, strict=True):
            assert image.shape == (resolution, resolution, 3)
            assert image.dtype == np.uint8
            distance = np.abs(image.astype(int) - picture_of(network, seed, resolution))
            assert distance.max() <= 1  # of 255: elsewhere a last bit may be rounded otherwise


def test_each_level_is_run_once_and_by_those_alone_who_need_it(form: CompiledNetwork) -> None:
    """Three sizes share the lower levels."""
    counts: list[int] = []

    def counted(step: object) -> object:
        def run(x: torch.Tensor) -> torch.Tensor:
            counts.append(len(x))
            return step(x)  # type: ignore[operator]

        return run

    watched = CompiledNetwork(
        form.stem,
        tuple(counted(level) for level in form.levels),  # type: ignore[arg-type]
        form.exits,
        form.device,
        form.precision,
    )
    sizes = (8, 32, 4, 32, 16)
    render_network(watched, 16, [Recipe("m", point_of(1), size) for size in sizes])

    assert [4, 3, 2] == counts


def test_torch_gets_the_threads_that_the_form_leaves_it(
    form: CompiledNetwork, compiled: CompiledNetwork
) -> None:
    """None beside another library, whose cores they would hold while they wait."""
    seen: list[int] = []

    def watched(latents: torch.Tensor) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return form.stem(latents)

    assert 1 == compiled.torch_threads
    for threads in (2, 1):
        wide = replace(form, stem=watched, torch_threads=threads)
        render_network(wide, 16, [Recipe("m", point_of(1), 4)])

    assert [2, 1] == seen


def test_a_place_between_seeds_goes_by_its_method() -> None:
    """The contract of latents is that of models.latent."""
    a, b = latent_of(1, 16), latent_of(2, 16)

    assert np.array_equal(slerp(a, b, 0.25), latent_at(Point(1, 2, 0.25, Method.SLERP), 16))
    assert np.array_equal(lerp(a, b, 0.25), latent_at(Point(1, 2, 0.25, Method.LERP), 16))
    assert np.array_equal(a, latent_at(point_of(1), 16))


def test_latents_are_stacked_in_order() -> None:
    """Row n is point n."""
    rows = latents_of([point_of(5), point_of(6)], 16)

    assert rows.dtype == torch.float32
    assert np.array_equal(np.stack([latent_of(5, 16), latent_of(6, 16)]), rows.numpy())
