"""Fixed batch sizes: a step that always runs at one size, padded.

Owns the padding, the choice of the sizes and the trial. The kernel that a library picks depends on
the batch size; at one fixed size the same kernels always run, whatever the number of images. What
remains to be verified is that an image depends neither on its slot nor on its company.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from models.resolution import Size
from service.engine.backends.eager import CompiledNetwork, Step

BATCH_PIXELS = 8 * 256 * 256
"""Pixels of a batch up to which images are computed together; not measured on CUDA.

A padded slot costs as much as an image, one large image alone fills a GPU or CPU, and the memory of
a step stays as large as its largest batch needed.
"""


def fixed_size(size: Size, max_batch: int) -> int:
    """Return the batch size for images of `size`: 1 to `max_batch`."""
    height, width = size
    return max(1, min(max_batch, BATCH_PIXELS // (height * width)))


def largest_batches(
    network: CompiledNetwork, size_at: Callable[[int], Size], max_batch: int
) -> tuple[int, ...]:
    """Return for each way the largest number of images to compute together, 1 to `max_batch`."""
    return tuple(fixed_size(size_at(each), max_batch) for each in network.computed_at)


class FixedBatchStep:
    """A step that always runs on `size` images; empty slots hold zeros.

    Attributes:
        step: returns a tensor that later calls do not change.
        size: the batch size.
    """

    def __init__(self, step: Step, size: int) -> None:
        self.step = step
        self.size = size

    def __call__(self, x: Tensor) -> Tensor:
        """Run the step on any number of images; the order stays."""
        starts = range(0, len(x), self.size)
        parts = [self._padded(x[start : start + self.size]) for start in starts]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _padded(self, part: Tensor) -> Tensor:
        empty = self.size - len(part)
        if not empty:
            return self.step(part)
        return self.step(torch.cat([part, part.new_zeros(empty, *part.shape[1:])]))[: len(part)]


def fixed_batch_network(
    network: CompiledNetwork, size_at: Callable[[int], Size], max_batch: int
) -> CompiledNetwork:
    """Run each way of `network`, which has no trunk, at one fixed batch size.

    Args:
        network: its ways begin at the entry vectors.
        size_at: height and width of the images of a resolution.
        max_batch: largest batch size. Another one may change the last bit of every picture, so it
            is part of the name of the engine.
    """
    ways = tuple(
        FixedBatchStep(way, fixed_size(size_at(resolution), max_batch))
        for way, resolution in zip(network.ways, network.computed_at, strict=True)
    )
    return replace(network, ways=ways, engine=f"{network.engine} of {max_batch}")


def is_slot_independent(step: FixedBatchStep, entries: Tensor) -> bool:
    """True if each of `entries` gives the same result alone and in every slot of a full batch.

    Alone, an image is in the first slot, beside zeros. The full batches are all rotations.
    """
    for start in range(0, len(entries), step.size):
        group = entries[start : start + step.size]
        alone = torch.cat([step(group[place : place + 1]) for place in range(len(group))])
        for shift in range(len(group)):
            if not torch.equal(step(group.roll(shift, 0)), alone.roll(shift, 0)):
                return False
    return True


def slot_independent_network(network: CompiledNetwork, entries: Tensor) -> CompiledNetwork:
    """Keep the ways of a `fixed_batch_network` that are exact for `entries`; run others alone.

    Args:
        network: its ways are `FixedBatchStep`.
        entries: entry vectors `[N, size]`; each way is tried on all of them.
    """

    def proved(way: Step) -> Step:
        if not isinstance(way, FixedBatchStep) or is_slot_independent(way, entries):
            return way
        return FixedBatchStep(way.step, 1)

    return replace(network, ways=tuple(map(proved, network.ways)))


def probe_count(network: CompiledNetwork, max_batch: int) -> int:
    """Return the number of images to try: full batches; in bf16 four, since rounding hides much."""
    return max_batch * (1 if network.precision == "fp32" else 4)
