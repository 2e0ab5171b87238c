"""One optimiser step, or none and a reason."""

import pytest
import torch
from torch import nn
from torch.optim import Adam

from models.growth import Growth
from training.game.optimise import NonFiniteLossError, clip_weights, optimizer_step
from training.game.schedule import ScheduleState

SCHEDULE = ScheduleState(1234, Growth(1, 0.5), 4, 0.5, 0.5, 1.0, 1, 10, 0)


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


def test_every_weight_is_clipped_to_its_bound() -> None:
    """Biases, too."""
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, -1.0], [0.005, -0.02]]))
        network.bias.fill_(0.5)

    clip_weights(network, 0.01)

    assert network.weight.flatten().tolist() == pytest.approx([0.01, -0.01, 0.005, -0.01])
    assert network.bias.tolist() == pytest.approx([0.01, 0.01])
