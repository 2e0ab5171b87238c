"""One step of a CycleGAN: its losses beside the paper, what it updates, and its exactness."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.families.cyclegan.generator import CycleganGenerator
from models.picture import Pixels
from models.pixels import from_pixels
from tests.training.stepping import changed, weights_of
from tests.training.translating import tiny_translation
from training.config.config import TrainingConfig
from training.config.presets import PRESETS
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.translation_step import networks_of, take_translation_step, translated

CPU = torch.device("cpu")


def noise(seed: int, count: int = 2) -> Pixels:
    """Random pictures of 16 px."""
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), np.uint8)


def play(state: TrainingState, config: TrainingConfig, steps: int = 1) -> dict[str, float]:
    """Steps from the beginning on, of other pictures each; the numbers of the last one."""
    numbers: dict[str, float] = {}
    for step in range(steps):
        shown = step * config.levels[-1].batch_size
        pictures = [noise(2 * step), noise(2 * step + 1)]
        numbers = take_translation_step(state, schedule_at(shown, config), config, pictures)
    return numbers


def test_the_losses_are_those_of_the_paper() -> None:
    """Least squares over patches, L1 of cycle and identity, written out; fp32 sums to 1e-5."""
    config = tiny_translation()
    state = TrainingState.create(config, CPU)
    into_0, into_1 = (g.eval() for g in networks_of(TrainingState.create(config, CPU))[0].into)
    d_0, d_1 = networks_of(TrainingState.create(config, CPU))[1].of
    a, b = (from_pixels(torch.from_numpy(noise(n))) for n in (0, 1))
    with torch.no_grad():
        fake_b, fake_a = into_1(a), into_0(b)
        expected = {
            "generator": (d_1(fake_b) - 1).square().mean() + (d_0(fake_a) - 1).square().mean(),
            "cycle": 10 * (F.l1_loss(into_0(fake_b), a) + F.l1_loss(into_1(fake_a), b)),
            "identity": 5 * (F.l1_loss(into_0(a), a) + F.l1_loss(into_1(b), b)),
            "least_squares_real": 0.5
            * ((d_0(a) - 1).square().mean() + (d_1(b) - 1).square().mean()),
            "least_squares_fake": 0.5 * (d_0(fake_a).square().mean() + d_1(fake_b).square().mean()),
            "score_real": (d_0(a).mean() + d_1(b).mean()) / 2,
        }
    numbers = play(state, config)

    assert {k: numbers[k] for k in expected} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-4, abs=1e-5
    )


def test_every_network_and_the_average_move() -> None:
    """Both directions, both discriminators."""
    config = tiny_translation()
    state = TrainingState.create(config, CPU)
    before = [weights_of(each) for each in (state.generator, state.discriminator, state.average)]
    play(state, config)

    for network, weights in zip(
        (state.generator, state.discriminator, state.average), before, strict=True
    ):
        assert {name.split(".")[1] for name in changed(network, weights)} == {"0", "1"}


def test_without_identity_there_is_no_such_term() -> None:
    """Nor its work: the generators see each picture once less."""
    config = tiny_translation(identity_weight=0.0)

    assert "identity" not in play(TrainingState.create(config, CPU), config)
    reals = (torch.randn(2, 3, 16, 16), torch.randn(2, 3, 16, 16))
    generator = CycleganGenerator(config.network)  # type: ignore[arg-type]
    assert translated(generator, reals, identity=False).identities is None


def test_a_resumed_state_goes_on_to_the_bit_with_its_pool() -> None:
    """Five steps, or two and three after copying what a checkpoint holds."""
    config = tiny_translation()
    whole, first, second = (TrainingState.create(config, CPU) for _ in range(3))
    numbers = play(whole, config, 5)
    play(first, config, 2)
    for name in ("generator", "discriminator", "average"):
        getattr(second, name).load_state_dict(getattr(first, name).state_dict())
    for name in ("generator_optimizer", "discriminator_optimizer"):
        getattr(second, name).load_state_dict(getattr(first, name).state_dict())
    last: dict[str, float] = {}
    for step in (2, 3, 4):
        pictures = [noise(2 * step), noise(2 * step + 1)]
        last = take_translation_step(second, schedule_at(2 * step, config), config, pictures)
    pool = networks_of(second)[1].pool(0)

    assert last == numbers
    assert pool is not None
    assert pool[1].item() == 3
    assert all(
        torch.equal(v, second.discriminator.state_dict()[k])
        for k, v in whole.discriminator.state_dict().items()
    )


def test_the_pool_changes_what_the_discriminator_sees() -> None:
    """From the fourth fake on; the first three fill it."""
    with_pool, without = tiny_translation(), tiny_translation(pool_size=0)
    few = [play(TrainingState.create(c, CPU), c, 1) for c in (with_pool, without)]
    more = [play(TrainingState.create(c, CPU), c, 6) for c in (with_pool, without)]

    assert few[0] == few[1]
    assert more[0]["least_squares_fake"] != more[1]["least_squares_fake"]


def test_networks_of_another_family_are_refused() -> None:
    """They have no domains."""
    tiny = PRESETS["tiny"]
    with pytest.raises(TypeError, match="a translation needs a CycleGAN, not a Generator"):
        networks_of(TrainingState.create(replace(tiny), CPU))
