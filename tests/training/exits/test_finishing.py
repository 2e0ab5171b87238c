"""The generator of a bundle has a way to every resolution, whatever its family."""

from __future__ import annotations

import pytest
import torch

from models.card import Exit
from models.families.dcgan.config import DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.families.progan.generator import Generator
from training.exits import choosing, fitting
from training.exits.finishing import finish_generator


def test_a_progressive_gan_gets_fitted_exits(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a copy; the top exit stays."""
    monkeypatch.setattr(fitting, "LINEAR_PICTURES", 16)
    monkeypatch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_008))

    finished = finish_generator(generator, seed=0, steps=0)

    assert finished.generator is not generator
    assert finished.exit_steps == 0
    assert [exit_.psnr_db is None for exit_ in finished.exits] == [False] * (
        len(finished.exits) - 1
    ) + [True]


def test_a_dcgan_has_box_filters() -> None:
    """There is nothing to fit; it is a copy in the memory layout of a bundle."""
    generator = DcganGenerator(DcganConfig(16, 1, 8, generator_maps=4))
    generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    finished = finish_generator(generator, seed=0, steps=100)

    weights = finished.generator.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in generator.state_dict().items())
    assert all(value.is_contiguous() for value in weights.values())
    assert not finished.generator.training
    assert finished.exits == tuple(Exit(r, (), None) for r in (4, 8, 16))
    assert finished.exit_steps is None
