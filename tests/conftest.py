"""Small real things shared by all tests: a tiny network of random weights, saved as a bundle."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import torch

from models.bundle import save_bundle
from models.card import Card, Data, Exit, Golden
from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.family import ImageGenerator
from models.growth import Growth
from models.latent import label_of, latent_of
from models.picture import Pixels, ValueRange, thumbnail_of
from models.pixels import to_pixels
from models.resolution import level_of
from service.settings import Settings
from tests.byte_code import write_share
from tests.fork_server import ADDRESS, ForkServer

MakeBundle = Callable[..., Path]

TINY = ProganConfig(resolution=32, channels=3, latent_size=16, fmap_base=256, fmap_max=16)


def pytest_configure(config: pytest.Config) -> None:
    """Two profiles of hypothesis, and what the processes of pytest-xdist share.

    The profiles: few examples, the same each time; many new ones.
    """
    own = hypothesis.settings.get_profile("ci")
    hypothesis.settings.register_profile("quick", own, max_examples=40)
    hypothesis.settings.register_profile(
        "thorough", own, max_examples=1000, derandomize=False, print_blob=True
    )
    if worker := getattr(config, "workerinput", None):
        number = int(worker["workerid"].removeprefix("gw"))
        write_share(config, number, worker["workercount"])
    elif config.getoption("numprocesses", None):
        server = ForkServer()
        os.environ[ADDRESS] = server.address
        config.add_cleanup(server.close)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests: with the last one, a process would end alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> None:
    """Tests share the machine."""
    torch.set_num_threads(1)


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the service runs on."""
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that no variable and no `.env` of the machine can change."""
    return Settings(
        bundles=(tmp_path / "bundles",),
        bundles_poll_s=0,
        credentials_folder=tmp_path / "credentials",
        encoders=1,
        threads=1,
    )


def picture_of(generator: ImageGenerator, seed: int, resolution: int) -> Pixels:
    """The picture of a seed by the plain network: uint8 `[R, R, C]`."""
    latent = torch.from_numpy(latent_of(seed, generator.config.latent_size))[None]
    classes = generator.config.classes
    labels = torch.tensor([label_of(seed, classes)]) if classes else None
    with torch.inference_mode():
        images = generator(latent, Growth(level_of(resolution)), labels)
    pixels: Pixels = to_pixels(images)[0].numpy()
    return pixels


def make_card(generator: Generator, name: str, golden: tuple[Golden, ...]) -> Card:
    """A card for `generator`, without numbers that tests do not need."""
    config = generator.config
    exits = tuple(
        Exit(r, shape.kernels, None if r == config.resolution else 30.0, shape.hidden)
        for r, shape in zip(config.resolutions, generator.exit_shapes, strict=True)
    )
    return Card(
        name=name,
        title="Random weights",
        description="Noise, for tests.",
        licence="MIT",
        network=config,
        exits=exits,
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256="",
        golden=golden,
        labels=tuple(f"class {n}" for n in range(config.classes)),
    )


def write_bundle(
    folder: Path,
    name: str = "tiny-32",
    config: ProganConfig = TINY,
    release: int = 0,
    value_range: ValueRange | None = None,
) -> Path:
    """A bundle of random weights and deep exits in `folder / name`, and its golden seeds.

    With a `value_range` its pictures have 16 bits.
    """
    with torch.random.fork_rng():
        torch.manual_seed(level_of(config.resolution) + config.channels + 1000 * release)
        deep = ExitShape((1, 3, 1), (8, 8))
        generator = Generator(config, (*[deep] * config.top_level, ExitShape())).eval()
    golden: list[Golden] = []
    for seed in (1, 2):
        pixels = picture_of(generator, seed, config.resolution)
        thumbnail = thumbnail_of(pixels)
        golden.append(Golden(seed, config.resolution, "0" * 64, thumbnail))
    path = folder / name
    path.mkdir(parents=True)
    card = make_card(generator, name, tuple(golden))
    if value_range:
        card = replace(card, bit_depth=16, value_range=value_range)
    save_bundle(path, generator, card, preview=b"")
    return path


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    """Write a bundle: `make_bundle(name=..., config=...)` in the folder `tmp_path / "bundles"`."""

    def make(
        name: str = "tiny-32",
        config: ProganConfig = TINY,
        value_range: ValueRange | None = None,
    ) -> Path:
        return write_bundle(tmp_path / "bundles", name, config, value_range=value_range)

    return make


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny bundle, `tiny-32`, which tests must not change."""
    folder = tmp_path_factory.mktemp("bundles")
    write_bundle(folder)
    return folder
