"""Batch sizes at which a step gives each image the same bytes as in a batch of one.

Owns the search for them, by trial, when a model is loaded: the kernel that a library picks depends
on the batch size, and kernels differ in the order of summation. A step then runs only at the batch
sizes at which it was exact; one is always among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from service.engine.backends.eager import CompiledNetwork, Step


def ladder(longest: int) -> tuple[int, ...]:
    """Return the powers of two from `longest` down to 2."""
    return tuple(1 << k for k in range(longest.bit_length() - 1, 0, -1))


class ExactStep:
    """A step that runs only at verified batch sizes.

    Args:
        sizes: batch sizes, largest first; the remaining images run in batches of one.
    """

    def __init__(self, step: Step, sizes: Sequence[int]) -> None:
        self._step = step
        self._sizes = (*sizes, 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Batch sizes at which the step runs, largest first; 1 is the last."""
        return self._sizes

    def __call__(self, x: Tensor) -> Tensor:
        """Run the step on any number of images; the order stays."""
        parts: list[Tensor] = []
        place = 0
        for size in self._sizes:
            while place + size <= len(x):
                parts.append(self._step(x[place : place + size]))
                place += size
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def exact_sizes(step: Step, x: Tensor, alone: Tensor, sizes: Sequence[int]) -> list[int]:
    """Return those of `sizes` at which `step(x)` equals `alone`, the results of batches of one."""
    return [n for n in sizes if torch.equal(step(x[:n]), alone[:n])]


def exact_network(
    network: CompiledNetwork,
    entries: Tensor,
    sizes: Sequence[int],
    largest: Sequence[int] | None = None,
) -> CompiledNetwork:
    """Restrict each step of `network` to the batch sizes at which it is exact for `entries`.

    Args:
        network: a network that may be exact at some batch sizes only.
        entries: entry vectors `[N, size]`; N is at least the largest of `sizes`.
        sizes: batch sizes to try, largest first; if empty, every step runs in batches of one.
        largest: for each way, the largest size to try; None for no limit.
    """

    def prove(step: Step, x: Tensor, most: int = len(entries)) -> tuple[ExactStep, Tensor]:
        tried = [size for size in sizes if size <= most]
        x = x[:most]
        alone = torch.cat([step(x[i : i + 1]) for i in range(len(x))])
        return ExactStep(step, exact_sizes(step, x, alone, tried)), alone

    features = [entries]
    trunk: list[ExactStep] = []
    for step in network.trunk:
        exact, reached = prove(step, features[-1])
        trunk.append(exact)
        features.append(reached)
    proved: dict[tuple[int, int], ExactStep] = {}  # ways may share a step, which is slow to prove
    ways: list[ExactStep] = []
    limits = largest or (len(entries),) * len(network.ways)
    for way, start, most in zip(network.ways, network.starts, limits, strict=True):
        if (id(way), start) not in proved:
            proved[id(way), start] = prove(way, features[start], most)[0]
        ways.append(proved[id(way), start])
    return replace(network, trunk=tuple(trunk), ways=tuple(ways))


def single_image_network(network: CompiledNetwork) -> CompiledNetwork:
    """Restrict each step of `network` to batches of one: slower, and exact by construction."""
    trunk = tuple(ExactStep(step, ()) for step in network.trunk)
    return replace(network, trunk=trunk, ways=tuple(ExactStep(way, ()) for way in network.ways))
