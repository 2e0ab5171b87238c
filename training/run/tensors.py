"""All that two players know, as named tensors.

Owns the names: `average/stem.dense.weight`, `generator_adam/stem.dense.weight/exp_avg`. Knows no
file.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import Adam


class UnfitError(ValueError):
    """Tensors of other networks; the message goes on after the name of what holds them."""


class StateNetworks(Protocol):
    """What has a state: three networks and two optimisers; to read, not to replace."""

    @property
    def generator(self) -> nn.Module:
        """The one that learns."""
        ...

    @property
    def discriminator(self) -> nn.Module:
        """Its opponent."""
        ...

    @property
    def average(self) -> nn.Module:
        """The one that makes the pictures."""
        ...

    @property
    def generator_optimizer(self) -> Adam:
        """Of `generator`."""
        ...

    @property
    def discriminator_optimizer(self) -> Adam:
        """Of `discriminator`."""
        ...


def tensors_of(players: StateNetworks) -> dict[str, Tensor]:
    """Every tensor a run consists of, by name."""
    tensors: dict[str, Tensor] = {}
    for title, network in _networks(players).items():
        for name, value in network.state_dict().items():
            tensors[f"{title}/{name}"] = value.detach().cpu().contiguous()
    for title, network, optimizer in _optimizers(players):
        for name, parameter in network.named_parameters():
            for key, value in optimizer.state.get(parameter, {}).items():
                tensors[f"{title}/{name}/{key}"] = value.detach().cpu().contiguous()
    return tensors


def put_tensors(players: StateNetworks, tensors: dict[str, Tensor]) -> None:
    """Give `players` the state that `tensors_of` told.

    Raises:
        UnfitError: it is that of other networks.
    """
    remaining = dict(tensors)
    for title, network in _networks(players).items():
        state = {name: remaining.pop(f"{title}/{name}", None) for name in network.state_dict()}
        try:
            network.load_state_dict({k: v for k, v in state.items() if v is not None}, strict=True)
        except RuntimeError as error:
            raise UnfitError(f"is of another network: {error}") from error
    for title, network, optimizer in _optimizers(players):
        optimizer.state.clear()
        for name, parameter in network.named_parameters():
            prefix = f"{title}/{name}/"
            keys = [key for key in remaining if key.startswith(prefix)]
            state = {key.removeprefix(prefix): remaining.pop(key) for key in keys}
            if state:
                optimizer.state[parameter] = {
                    key: _like(value, parameter, key) for key, value in state.items()
                }
    if remaining:
        raise UnfitError(f"has unknown tensors, among them {min(remaining)}")


def _like(value: Tensor, parameter: Tensor, key: str) -> Tensor:
    """Adam's moments lie in memory as their parameter does."""
    value = value.to(parameter.device)
    return value.clone() if key == "step" else torch.empty_like(parameter).copy_(value)


def _networks(players: StateNetworks) -> dict[str, nn.Module]:
    return {
        "generator": players.generator,
        "discriminator": players.discriminator,
        "average": players.average,
    }


def _optimizers(players: StateNetworks) -> list[tuple[str, nn.Module, Adam]]:
    return [
        ("generator_adam", players.generator, players.generator_optimizer),
        ("discriminator_adam", players.discriminator, players.discriminator_optimizer),
    ]
