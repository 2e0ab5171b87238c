"""What the tests of training/ share: tiny networks, a short schedule, a dozen pictures."""

import io
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor

from models.families.progan.config import ProganConfig
from tests.training.patterns import prepare_patterns
from tests.training.prepared import write_prepared
from tests.training.settings import with_values
from training import command_line
from training.commands import export
from training.config.config import TrainingConfig
from training.config.groups import (
    AugmentationConfig,
    AverageConfig,
    LevelPlan,
    ObjectiveConfig,
    PenaltyConfig,
)
from training.config.presets import PRESETS
from training.data.stream import Prepared, open_prepared
from training.exits import choosing, fitting
from training.quality.networks.inception import Inception
from training.quality.parts.keeping import open_reader
from training.quality.parts.reader import PartReader
from training.run.display import Display
from training.run.loop import train

QUIET = Console(file=io.StringIO())
Run = Callable[..., int]
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
        network=ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8),
        levels=(LevelPlan(4, 0, 24, 4), LevelPlan(8, 24, 24, 4, 0.002)),
        objective=ObjectiveConfig(name="rpgan-r1r2"),
        penalty=PenaltyConfig(weight=0.05),
        average=AverageConfig(half_life_images=40.0),
        tick_images=16,
        augmentation=AugmentationConfig(mirror=True),
    )


@pytest.fixture(scope="session")
def conditional(config: TrainingConfig) -> TrainingConfig:
    """The same with three classes."""
    network = replace(config.network, classes=3)
    return with_values(config, network=network, labels="projection")


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


@pytest.fixture(scope="session")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """150 patterns of 8 px in three classes; the folder also keeps their reader of parts."""
    return prepare_patterns(tmp_path_factory.mktemp("patterns"))


@pytest.fixture(scope="session")
def reader(patterns: Prepared) -> PartReader:
    """Their reader, never changed."""
    torch.set_num_threads(1)
    return open_reader(patterns, 8)


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


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `python -m training` with these words."""

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["training", *map(str, words)])
        try:
            return command_line.main()
        except SystemExit as ended:  # where the parser of the words ends the process
            return int(str(ended.code))

    return run


@pytest.fixture
def few_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough to fit the exits of a tiny network."""
    monkeypatch.setattr(fitting, "LINEAR_PICTURES", 16)
    monkeypatch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_008))


@pytest.fixture
def eight_pixels(few_seeds: None, monkeypatch: pytest.MonkeyPatch, config: TrainingConfig) -> None:
    """A preset that the dozen pictures are large enough for."""
    monkeypatch.setitem(PRESETS, "eight", config)
    monkeypatch.setattr(export, "STEPS", 2)


@pytest.fixture
def train_words(
    tmp_path: Path,
    prepared: Prepared,
    config: TrainingConfig,
    eight_pixels: None,
) -> list[object]:
    """A run of the tiny preset, cut down to a moment."""
    network = config.network
    settings = [f"network.{k}={getattr(network, k)}" for k in ("fmap_base", "fmap_max")]
    settings += ["levels.*.batch_size=4", "levels.*.fade_images=0", "levels.*.stable_images=8"]
    words: list[object] = ["train", "--data", prepared.folder, "--run", tmp_path / "run"]
    words += ["--preset", "eight", "--device", "cpu", "--threads", 1]
    return words + [word for setting in settings for word in ("--set", setting)]


def random_weights(shapes: Mapping[str, torch.Size], seed: int = 0) -> dict[str, Tensor]:
    """Weights of a network of ConvNorms with which no picture vanishes, by name alone."""
    random = np.random.default_rng(seed)
    state: dict[str, Tensor] = {}
    for name in sorted(shapes):
        drawn = random.random(tuple(shapes[name]), np.float32)
        kind = name.rpartition(".")[2]
        if kind == "num_batches_tracked":
            state[name] = torch.tensor(0)
        elif kind in ("bias", "running_mean"):
            state[name] = torch.from_numpy(0.4 * drawn - 0.2)
        elif drawn.ndim == 1:
            state[name] = torch.from_numpy(0.5 + drawn)
        else:
            reach = np.float32(np.sqrt(6 / drawn[0].size))
            state[name] = torch.from_numpy((2 * drawn - 1) * reach)
    return state


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file like the published one, in the form torch wrote in 2019, with random weights."""
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in Inception().state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(random_weights(shapes), path, _use_new_zipfile_serialization=False)
    yield path
    path.unlink()  # 95 MB
