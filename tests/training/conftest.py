"""What the tests of training/ share: tiny networks, a short schedule, a dozen pictures."""

import io
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import pytest
import torch
from rich.console import Console

from models.config import NetworkConfig
from tests.training.prepared import write_prepared
from training.config import LevelPlan, TrainingConfig
from training.data import Prepared, open_prepared
from training.loop import train
from training.progress import Display

QUIET = Console(file=io.StringIO())
FullDisk = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are fastest on one thread, and then the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def config() -> TrainingConfig:
    """8 px in 18 steps of 4 images: 24 at 4 px, 24 fading in, 24 held; a tick every 16."""
    return TrainingConfig(
        preset="tiny",
        network=NetworkConfig(8, latent_size=8, fmap_base=32, fmap_max=8),
        levels=(LevelPlan(4, 0, 24, 4), LevelPlan(8, 24, 24, 4, 0.002)),
        objective="rpgan-r1r2",
        penalty_weight=0.05,
        ema_half_life_images=40.0,
        tick_images=16,
        mirror=True,
    )


@pytest.fixture(scope="session")
def conditional(config: TrainingConfig) -> TrainingConfig:
    """The same with three classes."""
    network = replace(config.network, classes=3)
    return replace(config, network=network, labels="projection")


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Twelve pictures of 8 px in colour, in three classes."""
    folder = tmp_path_factory.mktemp("data") / "classes"
    return open_prepared(write_prepared(folder, classes=3, seed=1))


@pytest.fixture(scope="session")
def finished_with_classes(
    conditional: TrainingConfig, labelled: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run with classes that came to its end, never changed."""
    run = tmp_path_factory.mktemp("runs") / "finished-with-classes"
    return train_a_run(conditional, labelled, run)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Twelve pictures of 8 px in colour."""
    return open_prepared(write_prepared(tmp_path_factory.mktemp("data") / "noise"))


def train_a_run(config: TrainingConfig, prepared: Prepared, run: Path) -> Path:
    """From the first to the last image of the schedule."""
    torch.set_num_threads(1)
    train(config, prepared, run, torch.device("cpu"), Display(config.total_images, QUIET))
    return run


@pytest.fixture(scope="session")
def finished(
    config: TrainingConfig, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that came to its end, never changed."""
    return train_a_run(config, prepared, tmp_path_factory.mktemp("runs") / "finished")


@pytest.fixture
def full_disk() -> FullDisk:
    """A context in which no file can grow beyond so many bytes, as on a disk that is full."""

    @contextmanager
    def limited(size: int) -> Generator[None]:
        before = getrlimit(RLIMIT_FSIZE)
        setrlimit(RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            setrlimit(RLIMIT_FSIZE, before)

    return limited


@pytest.fixture
def make_prepared(tmp_path: Path) -> Callable[..., Prepared]:
    """Make a prepared folder of one's own; the arguments are those of `write_prepared`."""

    def make(**options: Any) -> Prepared:
        return open_prepared(write_prepared(tmp_path / "made", **options))

    return make
