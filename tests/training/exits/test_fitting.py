"""Fitted exits: better than the stale ones, the same every time, and nothing else changed."""

import pytest
import torch
from torch import Tensor

from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from training.exits import choosing, cost, deep, fitting
from training.exits.choosing import ExitCandidate, fidelities
from training.exits.distillation_data import ExitError, distillation_batch, stem_inputs
from training.exits.fitting import MAX_EXIT_STEPS, batch_at, fit_exits, with_exits


def weights_of(generator: Generator) -> list[Tensor]:
    """Copies."""
    return [value.clone() for value in generator.state_dict().values()]


@pytest.fixture
def deep_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every level gets its deep exit, whatever it reaches."""
    monkeypatch.setattr(
        fitting, "choose_exit", lambda levels, _: [(exits[-1], 0.0) for exits in levels]
    )


def test_a_fitted_exit_is_more_faithful_than_the_stale_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On seeds it was not fitted to; a deep one more than a linear one."""
    monkeypatch.setattr(cost, "SHARE_OF_PATH", 8.0)  # so that few steps are enough
    torch.manual_seed(0)
    config = ProganConfig(8, latent_size=8, fmap_base=128, fmap_max=16)
    generator = Generator(config).eval().requires_grad_(False)

    ((stale,),) = fidelities(generator, [[ExitCandidate(ExitShape(), generator.exits[0])]])
    linear = fit_exits(generator, seed=0, steps=0)[0].card_entry.psnr_db or 0
    taught = fit_exits(generator, seed=0, steps=120)[0].card_entry.psnr_db or 0

    assert linear > stale + 3
    assert taught > linear + 0.3


def test_a_linear_exit_that_is_good_enough_is_kept(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the cheapest."""
    monkeypatch.setattr(choosing, "TARGET_DB", 11.0)

    shapes = [exit_.card_entry.shape for exit_ in fit_exits(generator, seed=0, steps=2)]

    assert shapes == [ExitShape((3,)), ExitShape((3,)), ExitShape()]


def test_a_linear_exit_is_kept_where_the_deep_one_is_worse(generator: Generator) -> None:
    """After one step it knows nothing yet."""
    fitted = fit_exits(generator, seed=0, steps=1)

    assert [exit_.card_entry.hidden for exit_ in fitted] == [(), (), ()]


@pytest.mark.usefixtures("deep_anyway")
def test_the_card_is_told_shape_fidelity_and_cost(generator: Generator) -> None:
    """The top exit stays: it makes the finished picture."""
    *lower, top = fit_exits(generator, seed=0, steps=2)

    assert top.module is generator.exits[-1]
    assert (top.card_entry.resolution, top.card_entry.kernels, top.card_entry.psnr_db) == (
        16,
        (1,),
        None,
    )
    assert top.card_entry.multiply_adds == 16 * 3 * 16**2
    paths = cost.path_costs(generator, stem_inputs(generator, range(1)))
    for level, exit_ in enumerate(lower):
        assert exit_.card_entry.kernels == (1, 3, 3, 1)
        spent = cost.exit_cost(16, 3, (4 << level, 4 << level), exit_.card_entry.shape)
        assert exit_.card_entry.multiply_adds == spent
        assert exit_.card_entry.share_of_path == pytest.approx(spent / paths[level], abs=1e-4)


@pytest.mark.usefixtures("deep_anyway")
def test_fitting_is_the_same_every_time(generator: Generator) -> None:
    """By the seed of the run; another seed gives other exits."""
    first, again, other = (
        weights_of(with_exits(generator, fit_exits(generator, seed, steps=5))) for seed in (3, 3, 4)
    )

    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_generator_is_left_as_it_was(generator: Generator) -> None:
    """Not one weight changes."""
    before = weights_of(generator)

    fit_exits(generator, seed=0, steps=3)

    now = generator.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(before, now, strict=True))


@pytest.mark.usefixtures("deep_anyway")
def test_a_generator_with_new_exits_draws_the_same_finished_picture(generator: Generator) -> None:
    """And at 8 px what its new exit makes of the features."""
    fitted = fit_exits(generator, seed=0, steps=2)
    z = stem_inputs(generator, range(7, 9))

    renewed = with_exits(generator, fitted)

    assert torch.equal(renewed(z), generator(z))
    features = distillation_batch(generator, range(7, 9)).features[1]
    assert torch.equal(renewed(z, Growth(1)), fitted[1].module(features))


def test_a_generator_with_new_exits_shares_nothing(generator: Generator) -> None:
    """Training may go on without changing it."""
    renewed = with_exits(generator, fit_exits(generator, seed=0, steps=2))

    old = {p.data_ptr() for p in generator.parameters()}
    assert not old & {p.data_ptr() for p in renewed.parameters()}
    assert not any(p.requires_grad for p in renewed.parameters())


def test_every_step_is_told(generator: Generator) -> None:
    """So that a person sees how far it is."""
    told: list[tuple[int, int]] = []

    fit_exits(generator, 0, 3, lambda done, total: told.append((done, total)))

    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("steps", [-1, MAX_EXIT_STEPS + 1])
def test_a_number_of_steps_that_cannot_be_is_refused(generator: Generator, steps: int) -> None:
    """Beyond the most, seeds to learn from would be those that are held out."""
    with pytest.raises(ExitError, match=r"deep exits learn in 0 to 200,000 steps, not -?[0-9]"):
        fit_exits(generator, 0, steps)


def test_an_exit_that_diverges_is_refused(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the resolution, the step, and a way out."""
    monkeypatch.setattr(deep, "MUON_RATE", 1e30)

    with pytest.raises(ExitError, match=r"the exit at 4 px diverged in step .* --exit-steps 0"):
        fit_exits(generator, 0, 20)


@pytest.mark.parametrize(
    ("size", "pictures"),
    [((4, 4), 64), ((8, 8), 64), ((16, 16), 16), ((16, 32), 8), ((64, 64), 2), ((512, 512), 2)],
)
def test_there_are_more_small_pictures_in_a_step(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], pictures: int
) -> None:
    """About as many pixels, but never more than 64 pictures or fewer than 2."""
    monkeypatch.setattr(fitting, "PIXELS", 4096)

    assert batch_at(size) == pictures


@pytest.mark.parametrize("steps", [0, 3])
def test_exits_of_a_tiling_network_tile(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear and deep ones: features rolled by a pixel give the image rolled by a pixel."""
    monkeypatch.setattr(fitting, "choose_exit", lambda levels, _: [(e[-1], 20.0) for e in levels])
    torch.manual_seed(0)
    config = ProganConfig(8, latent_size=8, fmap_base=128, fmap_max=8, tiling=True)
    generator = Generator(config).eval().requires_grad_(False)

    exit_ = with_exits(generator, fit_exits(generator, seed=0, steps=steps)).exits[0]

    x = torch.randn(2, 8, 4, 4)
    rolled = exit_(torch.roll(x, (1, 2), dims=(2, 3)))
    torch.testing.assert_close(rolled, torch.roll(exit_(x), (1, 2), dims=(2, 3)))
