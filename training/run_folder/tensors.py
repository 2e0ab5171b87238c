"""Conversion of the state of training to named tensors, and back.

Owns the names: `average/stem.dense.weight`, `generator_adam/stem.dense.weight/exp_avg`,
`statistics/path_length_mean`. Knows no file.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer, RMSprop

from training.game.state import StepState


class UnfitError(ValueError):
    """Tensors of other networks; callers put the name of the file before the message."""


def tensors_of(state: StepState) -> dict[str, Tensor]:
    """Tensors of networks and optimizers, by name, contiguous on the CPU."""
    tensors: dict[str, Tensor] = {}
    for title, network in _networks(state).items():
        for name, value in network.state_dict().items():
            tensors[f"{title}/{name}"] = value.detach().cpu().contiguous()
    for title, network, optimizer in _optimizers(state):
        for name, parameter in network.named_parameters():
            for key, value in optimizer.state.get(parameter, {}).items():
                tensors[f"{title}/{name}/{key}"] = value.detach().cpu().contiguous()
    for name, value in state.statistics.items():
        tensors[f"statistics/{name}"] = value.detach().cpu().clone()
    return tensors


def put_tensors(state: StepState, tensors: dict[str, Tensor]) -> None:
    """Load tensors from `tensors_of` into `state`, in place.

    Raises:
        UnfitError: the tensors are of other networks.
    """
    remaining = dict(tensors)
    for title, network in _networks(state).items():
        weights = {name: remaining.pop(f"{title}/{name}", None) for name in network.state_dict()}
        found = {name: value for name, value in weights.items() if value is not None}
        try:
            network.load_state_dict(found, strict=True)
        except RuntimeError as error:
            raise UnfitError(f"is of another network: {error}") from error
    for title, network, optimizer in _optimizers(state):
        optimizer.state.clear()
        for name, parameter in network.named_parameters():
            prefix = f"{title}/{name}/"
            keys = [key for key in remaining if key.startswith(prefix)]
            moments = {key.removeprefix(prefix): remaining.pop(key) for key in keys}
            if moments:
                optimizer.state[parameter] = {
                    key: _like(value, parameter, key) for key, value in moments.items()
                }
    _put_statistics(state, remaining)
    if remaining:
        raise UnfitError(f"has unknown tensors, among them {min(remaining)}")


def _put_statistics(state: StepState, remaining: dict[str, Tensor]) -> None:
    """Take the statistics of a state out of `remaining`."""
    for name, value in state.statistics.items():
        kept = remaining.pop(f"statistics/{name}", None)
        if kept is None or kept.shape != value.shape:
            raise UnfitError(f"is of another run: it has no {name}")
        state.statistics[name] = kept.to(value.device)


def _like(value: Tensor, parameter: Tensor, key: str) -> Tensor:
    """Convert a moment of an optimizer to the memory layout and device of its parameter."""
    value = value.to(parameter.device)
    return value.clone() if key == "step" else torch.empty_like(parameter).copy_(value)


def _networks(state: StepState) -> dict[str, nn.Module]:
    return {
        "generator": state.generator,
        "discriminator": state.discriminator,
        "average": state.average,
    }


def _optimizers(state: StepState) -> list[tuple[str, nn.Module, Optimizer]]:
    pairs = (
        ("generator", state.generator, state.generator_optimizer),
        ("discriminator", state.discriminator, state.discriminator_optimizer),
    )
    return [
        (f"{title}_{'rmsprop' if isinstance(optimizer, RMSprop) else 'adam'}", network, optimizer)
        for title, network, optimizer in pairs
    ]
