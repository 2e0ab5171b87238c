"""One optimizer step on a loss, or an error that names the terms if it is not finite.

Owns the check that the loss and its gradient are finite, and the clipping of weights. Knows no
images.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from training.distributed import SINGLE, Processes
from training.game.schedule import ScheduleState
from training.objectives.losses import Terms


class NonFiniteLossError(ArithmeticError):
    """A loss became infinite or not a number; the message states where and what to try."""


def optimizer_step(
    optimizer: Optimizer,
    terms: Terms,
    rate: float,
    schedule: ScheduleState,
    processes: Processes = SINGLE,
) -> None:
    """Take one optimizer step on the sum of `terms`, the same on all processes.

    Args:
        optimizer: of the network that is updated.
        terms: scalars of this process's share of the batch; losses and gradients are averaged over
            the processes.
        rate: the learning rate of this step.
        schedule: state of the schedule, for the message.
        processes: the processes that share the batch.

    Raises:
        NonFiniteLossError: the sum or its gradient is infinite or not a number; nothing is updated.
    """
    loss = torch.stack(list(terms.values())).sum()
    if not math.isfinite(processes.mean(loss).item()):
        raise NonFiniteLossError(explain_non_finite("loss", terms, schedule, processes))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    processes.average(gradients)
    if not math.isfinite(torch.nn.utils.get_total_norm(gradients).item()):
        raise NonFiniteLossError(
            explain_non_finite("gradient of the loss", terms, schedule, processes)
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()


@torch.no_grad()
def clip_weights(network: nn.Module, bound: float) -> None:
    """Clip every parameter to [-bound, bound], in place (Arjovsky et al. 2017, algorithm 1)."""
    for parameter in network.parameters():
        parameter.clamp_(-bound, bound)


def explain_non_finite(
    what: str, terms: Terms, schedule: ScheduleState, processes: Processes
) -> str:
    """Error message: where the loss is not finite, the value of each term, and what to try."""
    means = {name: processes.mean(value).item() for name, value in terms.items()}
    parts = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
    growth, rate = schedule.growth, schedule.learning_rate / 2
    return (
        f"the {what} is not finite after {schedule.images_shown:,} images, at {growth.resolution} "
        f"px, alpha {growth.alpha:.3f}: {parts}. The last checkpoint is whole. The same "
        f"command goes on from it with a lower learning rate (add --set 'levels.*.learning_rate="
        f"{rate:g}'), a larger batch (--set 'levels.*.batch_size="
        f"{2 * schedule.batch_size}'), a stronger penalty (--set penalty_weight=, twice what it "
        "is), or --set precision=fp32; add --from best, or --from and images shown, to go back "
        "further"
    )
