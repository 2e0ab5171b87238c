"""The named configurations: the paper's carry the published numbers, and all of them hold."""

import pytest
import torch

from models.families.progan.generator import Generator
from models.families.table import offer_of
from training.config.config import TrainingConfig
from training.config.presets import PRESETS
from training.game.schedule import schedule_at

NAMES = sorted(PRESETS)


@pytest.fixture
def celebahq() -> TrainingConfig:
    """Karras et al. 2018, appendix A."""
    return PRESETS["paper-celebahq-1024"]


@pytest.fixture
def cifar() -> TrainingConfig:
    """Karras et al. 2018, appendix D."""
    return PRESETS["paper-cifar"]


def feature_maps(config: TrainingConfig) -> list[int]:
    """Of every level, smallest resolution first."""
    return [config.network.feature_maps(k) for k in range(config.network.top_level + 1)]


def test_the_promised_presets_are_there() -> None:
    """Users and scripts call them by these names."""
    assert {"tiny", "paper-celebahq-1024", "paper-cifar", "fashion-32", "fashion-32-labels"} <= set(
        PRESETS
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_goes_by_its_own_name(name: str) -> None:
    """The journal and the card tell it."""
    assert PRESETS[name].preset == name


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_survives_its_run_folder(name: str) -> None:
    """What is written is what is read."""
    assert TrainingConfig.from_json(PRESETS[name].to_json()) == PRESETS[name]


@pytest.mark.parametrize("name", [name for name in NAMES if offer_of(PRESETS[name].network).grows])
def test_a_preset_that_grows_shows_every_level(name: str) -> None:
    """All of them are faded in and held, so that the end is a finished network."""
    first, *rest = PRESETS[name].levels

    assert first.stable_images > 0
    assert all(plan.fade_images > 0 and plan.stable_images > 0 for plan in rest)


def test_celebahq_shows_19_million_images(celebahq: TrainingConfig) -> None:
    """800,000 held and 800,000 faded at each level, the rest at 1024 px."""
    assert celebahq.total_images == 19_000_000
    assert {plan.stable_images for plan in celebahq.levels[:-1]} == {800_000}
    assert {plan.fade_images for plan in celebahq.levels[1:]} == {800_000}


def test_celebahq_takes_the_published_minibatches(celebahq: TrainingConfig) -> None:
    """16, then 14, 6 and 3 where memory was short."""
    assert [plan.batch_size for plan in celebahq.levels] == [16, 16, 16, 16, 16, 16, 14, 6, 3]


def test_celebahq_has_the_published_feature_maps(celebahq: TrainingConfig) -> None:
    """Table 2: 512 up to 32 px, then half as many at each level."""
    assert feature_maps(celebahq) == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert celebahq.network.latent_size == 512


def test_cifar_shows_20_million_images(cifar: TrainingConfig) -> None:
    """400,000 held and 400,000 faded at each level, the rest at 32 px."""
    assert cifar.total_images == 20_000_000
    assert {plan.stable_images for plan in cifar.levels[:-1]} == {400_000}
    assert {plan.fade_images for plan in cifar.levels[1:]} == {400_000}


def test_cifar_has_the_published_generator(cifar: TrainingConfig) -> None:
    """128 maps throughout: 1.30 million parameters."""
    with torch.device("meta"):
        generator = Generator(cifar.network)

    assert feature_maps(cifar) == [128, 128, 128, 128]
    assert sum(p.numel() for p in generator.parameters()) == pytest.approx(1.30e6, rel=0.005)


@pytest.mark.parametrize(("name", "target"), [("paper-celebahq-1024", 1.0), ("paper-cifar", 750.0)])
def test_the_papers_objective_is_wgan_gp(name: str, target: float) -> None:
    """Lambda 10, drift 0.001, and for CIFAR-10 a gradient norm of 750."""
    config = PRESETS[name]

    assert config.objective.name == "wgan-gp"
    assert (config.penalty.weight, config.penalty.drift, config.penalty.target) == (
        10.0,
        0.001,
        target,
    )
    assert config.penalty.share == 1.0


@pytest.mark.parametrize("name", ["paper-celebahq-1024", "paper-cifar"])
def test_the_papers_optimiser_is_adam_as_published(name: str) -> None:
    """Rate 0.001, beta2 0.99, forgotten at every phase; weights averaged by 0.999 each step."""
    config = PRESETS[name]

    assert {plan.learning_rate for plan in config.levels} == {0.001}
    assert (config.optimizer.beta2, config.average.decay) == (0.99, 0.999)
    assert config.optimizer.reset
    assert config.precision == "fp32"


def test_only_celebahq_warms_up(celebahq: TrainingConfig, cifar: TrainingConfig) -> None:
    """Over 40,000 images; CIFAR-10 begins at full rate."""
    assert schedule_at(0, celebahq).learning_rate < 1e-6
    assert schedule_at(40_000, celebahq).learning_rate == 0.001
    assert schedule_at(0, cifar).learning_rate == 0.001


def test_tiny_is_small() -> None:
    """16 px, so that anybody can watch a whole run."""
    assert PRESETS["tiny"].network.resolution == 16
    assert PRESETS["tiny"].total_images <= 50_000
