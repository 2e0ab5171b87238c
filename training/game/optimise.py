"""One optimizer step on a loss, or an error that names the terms if it is not finite.

Owns the check that the loss and its gradient are finite, and the clipping of weights. Knows no
images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

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
    checks: list[FiniteCheck] | None = None,
) -> None:
    """Take one optimizer step on the sum of `terms`, the same on all processes.

    With `checks` and fused Adam on CUDA it does not wait for the device: the device itself leaves
    out the step if it must, and the check is to be required later.

    Args:
        optimizer: of the network that is updated.
        terms: scalars of this process's share of the batch; losses and gradients are averaged over
            the processes.
        rate: the learning rate of this step.
        schedule: state of the schedule, for the message.
        processes: the processes that share the batch.
        checks: gets the check of a step that was not awaited.

    Raises:
        NonFiniteLossError: the sum or its gradient is infinite or not a number; nothing is updated.
    """
    if checks is not None and can_skip_steps(optimizer):
        checks.append(unawaited_step(optimizer, terms, rate, schedule, processes))
        return
    loss = torch.stack(list(terms.values())).sum()
    if not math.isfinite(processes.mean(loss).item()):
        raise NonFiniteLossError(explain_non_finite("loss", terms, schedule, processes))
    gradients = gradients_of(loss, optimizer, processes)
    if not math.isfinite(torch.nn.utils.get_total_norm(gradients).item()):
        raise NonFiniteLossError(
            explain_non_finite("gradient of the loss", terms, schedule, processes)
        )
    set_rate(optimizer, rate)
    optimizer.step()


@dataclass(frozen=True)
class FiniteCheck:
    """The outcome of a step that the device may have left out.

    Attributes:
        finite: two flags on the device: of the loss, and of its gradient.
        terms: of the loss, detached.
        schedule: of the step.
        processes: that shared the batch.
    """

    finite: Tensor
    terms: Terms
    schedule: ScheduleState
    processes: Processes

    def require(self, finite: Sequence[float]) -> None:
        """Raise if a flag is 0.

        Args:
            finite: the flags, on the CPU.

        Raises:
            NonFiniteLossError: nothing was updated by this step.
        """
        for what, flag in zip(("loss", "gradient of the loss"), finite, strict=True):
            if not flag:
                message = explain_non_finite(what, self.terms, self.schedule, self.processes)
                raise NonFiniteLossError(message)


def can_skip_steps(optimizer: Optimizer) -> bool:
    """True if the device itself can leave out a step, and a wait for it would cost time."""
    parameter = optimizer.param_groups[0]["params"][0]
    return parameter.device.type == "cuda" and bool(optimizer.defaults.get("fused"))


def unawaited_step(
    optimizer: Optimizer,
    terms: Terms,
    rate: float,
    schedule: ScheduleState,
    processes: Processes = SINGLE,
) -> FiniteCheck:
    """Take the step of `optimizer_step` with a fused optimizer, without waiting for the device.

    The optimizer leaves out the step, as for a gradient scaler, if `found_inf` is 1.
    """
    loss = torch.stack(list(terms.values())).sum()
    gradients = gradients_of(loss, optimizer, processes)
    norm = torch.nn.utils.get_total_norm(gradients)
    finite = torch.stack([processes.mean(loss.detach()), norm]).isfinite()
    set_rate(optimizer, rate)
    skippable = cast("Any", optimizer)
    skippable.found_inf = 1.0 - finite.all().float()
    try:
        optimizer.step()
    finally:
        del skippable.found_inf
    detached = {name: value.detach() for name, value in terms.items()}
    return FiniteCheck(finite, detached, schedule, processes)


def gradients_of(loss: Tensor, optimizer: Optimizer, processes: Processes) -> list[Tensor]:
    """Compute the gradients of `loss`, averaged over the processes."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    processes.average(gradients)
    return gradients


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate


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
    weaker = ""
    if "consistency" in terms:
        level = f"levels.{growth.resolution}.consistency"
        weaker = f"a weaker consistency (--set {level}=, a tenth of what it is), "
    return (
        f"the {what} is not finite after {schedule.images_shown:,} images, at {growth.resolution} "
        f"px, alpha {growth.alpha:.3f}: {parts}. The last checkpoint is whole. The same "
        f"command goes on from it with a lower learning rate (add --set 'levels.*.learning_rate="
        f"{rate:g}'), a larger batch (--set 'levels.*.batch_size="
        f"{2 * schedule.batch_size}'), {weaker}a stronger penalty (--set penalty_weight=, twice "
        "what it is), or --set precision=fp32; add --from and the images shown of an older "
        "checkpoint, or --from best once the top level has faded in, to go back further"
    )
