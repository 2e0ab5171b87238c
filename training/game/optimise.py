"""One optimiser step down a loss, or a refusal that says what broke down.

Owns the check that loss and slope are finite. Knows neither networks nor pictures.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.optim import Adam

from training.distributed import SINGLE, Processes
from training.game.schedule import ScheduleState
from training.objectives.losses import Terms


class NonFiniteLossError(ArithmeticError):
    """A loss became infinite or not a number; the message says where and what to try."""


def optimizer_step(
    optimizer: Adam,
    terms: Terms,
    rate: float,
    moment: ScheduleState,
    images_shown: int,
    together: Processes = SINGLE,
) -> None:
    """One optimiser step down the sum of `terms`, on all processes alike.

    What a process hands in is of its own share of the batch; loss and slope are means over all.

    Raises:
        NonFiniteLossError: the sum or its slope is infinite or not a number; nothing is updated.
    """
    loss = torch.stack(list(terms.values())).sum()
    if not math.isfinite(together.mean(loss).item()):
        raise NonFiniteLossError(explain_non_finite("loss", terms, moment, images_shown, together))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    slopes: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
    together.average(slopes)
    if not math.isfinite(torch.nn.utils.get_total_norm(slopes).item()):
        raise NonFiniteLossError(
            explain_non_finite("slope of the loss", terms, moment, images_shown, together)
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()


def explain_non_finite(
    what: str, terms: Terms, moment: ScheduleState, images_shown: int, together: Processes
) -> str:
    """Where the game broke down, in which terms, and what to try."""
    means = {name: together.mean(value).item() for name, value in terms.items()}
    parts = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
    return (
        f"the {what} is not finite after {images_shown:,} images, at {moment.growth.resolution} "
        f"px, alpha {moment.growth.alpha:.3f}: {parts}. The last checkpoint is whole. Try a "
        "lower learning rate (--set levels.*.learning_rate=...), a larger batch, a stronger "
        "penalty (--set penalty_weight=...), or precision=fp32"
    )
