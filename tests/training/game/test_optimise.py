"""One optimiser step, or none and a reason."""

import pytest
import torch
from torch import nn
from torch.optim import Adam

from models.growth import Growth
from training.game.optimise import (
    NonFiniteLossError,
    can_skip_steps,
    clip_weights,
    optimizer_step,
    unawaited_step,
)
from training.game.schedule import ScheduleState

SCHEDULE = ScheduleState(1234, Growth(1, 0.5), 4, 0.5, 0.5, 1.0, 1, 10, 0, 0.5)


def test_a_step_goes_down_the_sum_of_all_terms_at_the_rate_given() -> None:
    """Adam's first step is the learning rate, against the sign of the gradient."""
    weight = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    optimizer = Adam([weight], lr=1.0, betas=(0.0, 0.99))

    optimizer_step(
        optimizer, {"a": 3 * weight[0], "b": weight.prod() - 9 * weight[1]}, 0.25, SCHEDULE
    )

    torch.testing.assert_close(weight.detach(), torch.tensor([0.75, 1.25]))


@pytest.mark.parametrize(
    ("start", "what"), [(float("nan"), "the loss is"), (0.0, "the gradient of the loss is")]
)
def test_what_is_not_finite_changes_nothing(start: float, what: str) -> None:
    """The message says where the run stood, the term, and what to try."""
    weight = torch.nn.Parameter(torch.tensor([start]))
    optimizer = Adam([weight], lr=1.0)

    with pytest.raises(NonFiniteLossError, match=f"{what} not finite after 1,234 images, at 8 px"):
        optimizer_step(optimizer, {"root": weight.sqrt().sum()}, 0.25, SCHEDULE)

    assert not optimizer.state


def test_a_term_that_only_some_levels_have_is_named_in_the_advice() -> None:
    """A weight of consistency can be too large, where there is one."""
    weight = torch.nn.Parameter(torch.tensor([float("nan")]))
    terms = {"consistency": weight.sum()}

    with pytest.raises(NonFiniteLossError, match=r"\(--set levels\.8\.consistency=, a tenth"):
        optimizer_step(Adam([weight], lr=1.0), terms, 0.25, SCHEDULE)


@pytest.mark.parametrize("terms", [1, 2])
def test_a_step_that_is_not_awaited_is_the_same_step(terms: int) -> None:
    """To the bit, with the optimizer of every run."""
    awaited, unawaited = (nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    for weight, step in ((awaited, optimizer_step), (unawaited, unawaited_step)):
        optimizer = Adam([weight], lr=1.0, betas=(0.0, 0.99), fused=True)
        for _ in range(3):
            losses = {str(n): (n + 1) * weight.square().sum() for n in range(terms)}
            check = step(optimizer, losses, 0.25, SCHEDULE)
            if check is not None:
                check.require([float(flag) for flag in check.finite])

    assert torch.equal(awaited, unawaited)


@pytest.mark.parametrize(
    ("start", "what"), [(float("nan"), "the loss is"), (0.0, "the gradient of the loss is")]
)
def test_a_step_that_is_not_awaited_is_left_out_by_the_optimizer(start: float, what: str) -> None:
    """And told when its check is required, with the same message."""
    weight = nn.Parameter(torch.tensor([start, 4.0]))
    before = weight.detach().clone()
    optimizer = Adam([weight], lr=1.0, fused=True)

    check = unawaited_step(optimizer, {"root": weight.sqrt().sum()}, 0.25, SCHEDULE)

    torch.testing.assert_close(weight.detach(), before, equal_nan=True, rtol=0, atol=0)
    assert optimizer.state[weight]["step"] == 0
    assert not hasattr(optimizer, "found_inf")
    with pytest.raises(NonFiniteLossError, match=f"{what} not finite after 1,234 images, at 8 px"):
        check.require([float(flag) for flag in check.finite])


def test_on_a_cpu_every_step_is_awaited() -> None:
    """It costs nothing there."""
    assert not can_skip_steps(Adam([nn.Parameter(torch.ones(1))], fused=True))


def test_every_weight_is_clipped_to_its_bound() -> None:
    """Biases, too."""
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, -1.0], [0.005, -0.02]]))
        network.bias.fill_(0.5)

    clip_weights(network, 0.01)

    assert network.weight.flatten().tolist() == pytest.approx([0.01, -0.01, 0.005, -0.01])
    assert network.bias.tolist() == pytest.approx([0.01, 0.01])
