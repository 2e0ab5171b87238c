"""A batch of recipes -> images: the right ones, in the right order, at the right level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from models.families.cyclegan.config import CycleganConfig
from models.families.cyclegan.generator import CycleganGenerator
from models.families.progan.config import ProganConfig
from models.families.progan.entrance import ProganEntrance
from models.families.progan.generator import Generator
from models.pixels import from_pixels, to_pixels
from service.batching.recipe import Recipe, SourcePicture, point_of
from service.engine.backends.eager import CompiledNetwork, Step, eager_network
from service.engine.backends.select import select_backend
from service.engine.device import Target
from service.engine.entry_vectors import EntryVectors
from service.engine.rendering import render_network
from tests.conftest import picture_of

CONFIG = ProganConfig(32, 3, 16, 256, 16)
ENTRY = EntryVectors(ProganEntrance(16))


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
    return eager_network(copy, torch.device("cpu"))


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

    for images in (render_network(f, ENTRY, recipes) for f in (form, compiled)):
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

    levels = tuple(counted(level) for level in form.trunk[1:])
    watched = replace(form, trunk=(form.trunk[0], *levels))  # type: ignore[arg-type]
    sizes = (8, 32, 4, 32, 16)
    render_network(watched, ENTRY, [Recipe("m", point_of(1), size) for size in sizes])

    assert [4, 3, 2] == counts


def test_torch_gets_the_threads_that_the_form_leaves_it(
    form: CompiledNetwork, compiled: CompiledNetwork
) -> None:
    """None beside another library, whose cores they would hold while they wait."""
    seen: list[int] = []

    def watched(latents: torch.Tensor) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return form.trunk[0](latents)

    assert 1 == compiled.torch_threads
    for threads in (2, 1):
        wide = replace(form, trunk=(watched, *form.trunk[1:]), torch_threads=threads)
        render_network(wide, ENTRY, [Recipe("m", point_of(1), 4)])

    assert [2, 1] == seen


def test_a_network_without_a_trunk_begins_at_the_entry_vectors() -> None:
    """Each picture then runs through its way alone."""

    def paint(size: int) -> Step:
        return lambda entry: entry[:, :1, None, None].clamp(-1, 1).expand(-1, 3, size, size)

    network = CompiledNetwork((), (paint(4), paint(8)), (0, 0), (4, 8), torch.device("cpu"), "fp32")
    recipes = [Recipe("m", point_of(seed), size) for seed, size in ((1, 4), (2, 8), (3, 4))]

    images = render_network(network, ENTRY, recipes)
    alone = [render_network(network, ENTRY, [recipe])[0] for recipe in recipes]

    assert [(4, 4, 3), (8, 8, 3), (4, 4, 3)] == [image.shape for image in images]
    assert all(map(np.array_equal, images, alone))


def test_pictures_of_one_batch_go_into_their_own_domains_and_sizes() -> None:
    """Sources are the uploads; smaller pictures are the finished ones, box filtered."""
    config = CycleganConfig(16, 3, 4, 1, 4, 2)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        generator = CycleganGenerator(config).eval().requires_grad_(False)
    entry = EntryVectors(generator.entrance, ("dark", "light"))
    sources = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    recipes = [
        Recipe("m", point_of(0), r, to, source=SourcePicture(str(n), sources[n].tobytes()))
        for n, (r, to) in enumerate([(8, "light"), (16, "dark"), (8, "dark"), (16, "light")])
    ]
    images = from_pixels(torch.from_numpy(sources)).contiguous()
    expected = [generator.translate(images[n : n + 1], int(n in (0, 3))) for n in range(4)]
    expected = [F.avg_pool2d(e, 2) if n in (0, 2) else e for n, e in enumerate(expected)]
    rendered = render_network(eager_network(generator, torch.device("cpu")), entry, recipes)

    for picture, image in zip(rendered, expected, strict=True):
        difference = picture.astype(int) - to_pixels(image)[0].numpy()
        assert np.abs(difference).max() <= 1  # a batch of another size rounds otherwise
