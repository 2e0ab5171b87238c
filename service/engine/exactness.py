"""Batch sizes at which a step gives every image the bytes it has alone.

Owns the search for them, at load, by trying: which kernel a library picks depends on the batch
size, and some kernels add up in another order. A step then runs only in batches of the sizes it
was found exact at; one is always among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from service.engine.backends.eager import CompiledNetwork, Step


def ladder(longest: int) -> tuple[int, ...]:
    """Powers of two up to `longest`, largest first, without 1."""
    return tuple(1 << k for k in range(longest.bit_length() - 1, 0, -1))


class ExactStep:
    """A step that runs only at proven batch sizes.

    Args:
        sizes: batch sizes, largest first; batches of one fill the rest.
    """

    def __init__(self, step: Step, sizes: Sequence[int]) -> None:
        self._step = step
        self._sizes = (*sizes, 1)

    def __call__(self, x: Tensor) -> Tensor:
        """Any number of images, in the same order."""
        parts: list[Tensor] = []
        place = 0
        for size in self._sizes:
            while place + size <= len(x):
                parts.append(self._step(x[place : place + size]))
                place += size
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def exact_sizes(step: Step, x: Tensor, alone: Tensor, sizes: Sequence[int]) -> list[int]:
    """Those of `sizes` at which `step(x)` equals `alone`, the results of batches of one."""
    return [n for n in sizes if torch.equal(step(x[:n]), alone[:n])]


def exact_network(
    network: CompiledNetwork, latents: Tensor, sizes: Sequence[int]
) -> CompiledNetwork:
    """`network` with each step held to the batch sizes at which it is exact for `latents`.

    Args:
        network: may be exact at some batch sizes only.
        latents: `[N, L]`, at least as many as the largest of `sizes`.
        sizes: batch sizes to try, largest first; none means batches of one everywhere.
    """

    def prove(step: Step, x: Tensor) -> tuple[ExactStep, Tensor]:
        alone = torch.cat([step(x[i : i + 1]) for i in range(len(x))])
        return ExactStep(step, exact_sizes(step, x, alone, sizes)), alone

    stem, reached = prove(network.stem, latents)
    features = [reached]
    levels: list[ExactStep] = []
    for step in network.levels:
        level, reached = prove(step, reached)
        levels.append(level)
        features.append(reached)
    starts = [features[min(k, len(levels))] for k in range(len(network.exits))]
    exits = (prove(leave, x)[0] for leave, x in zip(network.exits, starts, strict=True))
    return replace(network, stem=stem, levels=tuple(levels), exits=tuple(exits))


def single_image_network(network: CompiledNetwork) -> CompiledNetwork:
    """`network` with every step in batches of one: slower, and exact by construction."""
    levels = tuple(ExactStep(step, ()) for step in network.levels)
    exits = tuple(ExactStep(step, ()) for step in network.exits)
    return replace(network, stem=ExactStep(network.stem, ()), levels=levels, exits=exits)
