"""What both updates of a step share: fakes of the right streams, by the kind of generator."""

from __future__ import annotations

import torch

from tests.training.styled import tiny_stylegan
from training.config.config import TrainingConfig
from training.distributed import SINGLE
from training.game.context import StepContext, autocast
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.objectives.rng import Stream

CPU = torch.device("cpu")


def fakes(config: TrainingConfig, stream: Stream, shown: int) -> torch.Tensor:
    """Of a fresh state."""
    state = TrainingState.create(config, CPU)
    context = StepContext(state, schedule_at(shown, config), config, SINGLE, None, 0.0)
    return context.generate(stream).images.detach()


def test_fakes_of_a_stylegan_are_mixed_and_those_of_a_progressive_gan_follow_their_latents(
    config: TrainingConfig,
) -> None:
    """In both cases by the stream and the images shown alone."""
    for each in (config, tiny_stylegan(mixing=1.0)):
        one, again, later = (fakes(each, Stream.LATENTS, shown) for shown in (0, 0, 4))
        assert torch.equal(one, again)
        assert not torch.equal(one, later)
        assert not torch.equal(one, fakes(each, Stream.GENERATOR_LATENTS, 0))
    mixed, pure = (fakes(tiny_stylegan(mixing=share), Stream.LATENTS, 0) for share in (1.0, 0.0))
    assert not torch.equal(mixed, pure)


def test_images_are_computed_in_the_precision_of_the_run(config: TrainingConfig) -> None:
    """The context manager only does something for bf16."""
    with autocast(CPU, config):
        assert not torch.is_autocast_enabled("cpu")
