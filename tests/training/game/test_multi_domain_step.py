"""One step of a StarGAN: its losses beside the paper, what it updates, and its exactness."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.families.stargan.generator import StarganGenerator
from models.picture import Pixels
from models.pixels import from_pixels
from tests.training.stepping import changed, weights_of
from tests.training.translating import tiny_stargan, tiny_translation
from training.config.config import TrainingConfig
from training.data.stream import Indices
from training.game.multi_domain_step import (
    begin_multi_domain_step,
    target_domains,
    translator_of,
)
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.objectives.rng import Stream, generator_at, uniform

CPU = torch.device("cpu")
NETWORKS = ("generator", "discriminator", "average")


def batch(step: int) -> tuple[Pixels, Indices]:
    """Four pictures of noise, and their domains."""
    source = np.random.default_rng(step)
    return source.integers(0, 256, (4, 16, 16, 3), np.uint8), source.integers(0, 3, 4)


def play(state: TrainingState, config: TrainingConfig, steps: range) -> dict[str, float]:
    """Steps of other pictures each; the numbers of the last one."""
    numbers: dict[str, float] = {}
    for step in steps:
        schedule = schedule_at(4 * step, config)
        numbers = begin_multi_domain_step(state, schedule, config, *batch(step)).read()
    return numbers


def test_the_losses_are_those_of_the_paper() -> None:
    """Equations 1 to 6 with the penalty of section 4.3, written out; fp32 sums to 1e-4."""
    config = tiny_stargan(critic_steps=1)
    state, schedule = TrainingState.create(config, CPU), schedule_at(0, config)
    pixels, classes = batch(0)
    x, labels = from_pixels(torch.from_numpy(pixels)), torch.from_numpy(classes)
    targets = target_domains(labels, config, schedule)
    d, g = state.discriminator, translator_of(state)
    with torch.no_grad():
        fake = g.translate(x, targets)
    mix = uniform(generator_at(config.seed, Stream.PENALTY, 0), 4, 1, 1, 1)
    between = (x + mix * (fake - x)).requires_grad_(True)
    (gradient,) = torch.autograd.grad(d(between).sum(), between)
    norm = gradient.flatten(1).norm(dim=1)
    with torch.no_grad():
        expected = {
            "wasserstein": d(fake).mean() - d(x).mean(),
            "gradient_penalty": 10 * (norm - 1).square().mean(),
            "class_real": F.cross_entropy(d.classify(x, schedule.growth), labels),
        }
    begun = begin_multi_domain_step(state, schedule, config, pixels, classes)
    numbers = begun.read()
    # The generator is updated through the discriminator of after its update.
    before = translator_of(TrainingState.create(config, CPU))
    with torch.no_grad():
        fake = before.translate(x, targets)
        expected |= {
            "generator": -d(fake).mean(),
            "class_generator": F.cross_entropy(d.classify(fake, schedule.growth), targets),
            "cycle": 10 * F.l1_loss(before.translate(fake, labels), x),
        }

    assert {k: numbers[k] for k in expected} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-4, abs=1e-5
    )


def test_the_generator_waits_for_its_critic() -> None:
    """With two critic steps it moves in the second; what is told is then twice its terms."""
    config = tiny_stargan()
    state = TrainingState.create(config, CPU)
    before = {name: weights_of(getattr(state, name)) for name in NETWORKS}
    first = play(state, config, range(1))
    moved = {name: bool([*changed(getattr(state, name), before[name])]) for name in NETWORKS}

    assert moved == {"generator": False, "discriminator": True, "average": False}
    assert "cycle" not in first
    second = play(state, config, range(1, 2))
    assert "cycle" in second
    for name in NETWORKS:
        all_names = {n for n, _ in getattr(state, name).named_parameters()}
        assert {*changed(getattr(state, name), before[name])} == all_names


def test_targets_are_the_domains_of_the_batch_in_another_order() -> None:
    """A function of seed and images shown."""
    config, labels = tiny_stargan(), torch.tensor([0, 0, 1, 2, 2, 2, 1, 0])
    drawn = [target_domains(labels, config, schedule_at(shown, config)) for shown in (0, 4, 0)]

    assert all(sorted(each.tolist()) == sorted(labels.tolist()) for each in drawn)
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])


def test_a_resumed_state_goes_on_to_the_bit() -> None:
    """Five steps, or two and three after copying what a checkpoint holds."""
    config = tiny_stargan()
    whole, first, second = (TrainingState.create(config, CPU) for _ in range(3))
    numbers = play(whole, config, range(5))
    play(first, config, range(2))
    for name in (*NETWORKS, "generator_optimizer", "discriminator_optimizer"):
        getattr(second, name).load_state_dict(getattr(first, name).state_dict())
    last = play(second, config, range(2, 5))

    assert last == numbers
    assert all(
        torch.equal(value, getattr(second, name).state_dict()[key])
        for name in NETWORKS
        for key, value in getattr(whole, name).state_dict().items()
    )


def test_what_has_no_domains_is_refused() -> None:
    """Networks of another family, and pictures without labels."""
    config = tiny_stargan()
    state = TrainingState.create(config, CPU)
    assert isinstance(translator_of(state), StarganGenerator)
    with pytest.raises(ValueError, match="3 classes needs those of its images"):
        begin_multi_domain_step(state, schedule_at(0, config), config, batch(0)[0], None)
    with pytest.raises(TypeError, match="needs a StarGAN, not a CycleganGenerator"):
        translator_of(TrainingState.create(tiny_translation(), CPU))
