"""What the tests of training/exits/ share: a tiny generator whose lower exits are all stale."""

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from training.exits import choosing, fitting


@pytest.fixture
def generator() -> Generator:
    """16 px of random weights, frozen."""
    torch.manual_seed(0)
    config = ProganConfig(16, latent_size=8, fmap_base=128, fmap_max=16)
    return Generator(config).eval().requires_grad_(False)


@pytest.fixture(autouse=True)
def few_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough for tiny networks."""
    monkeypatch.setattr(fitting, "LINEAR_PICTURES", 24)
    monkeypatch.setattr(fitting, "PIXELS", 256)
    monkeypatch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_016))
