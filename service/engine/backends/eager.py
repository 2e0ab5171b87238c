"""The interface of a compiled network, and the plain PyTorch backend that runs everywhere.

Owns `CompiledNetwork`, the callables on tensors that each backend provides: a trunk, and a way to
each resolution; the folding of a generator into plain modules, which every backend does first; and
the eager backend. Knows neither layers nor families.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.family import ImageGenerator
from models.layers.folding import fold

Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CompiledNetwork:
    """A network that is ready to run, as a sequence of steps.

    Splitting the computation into steps costs time where features are large, so the trunk may have
    fewer steps here than in the generator. A way computes the modules of the trunk between its
    start and its own, too.

    Attributes:
        trunk: steps that run one after another, from entry vectors `[N, size]` on; may be empty.
        ways: for each resolution one, or one for each class: results of the trunk -> images
            `[N, C, h, w]`, approximately in [-1, 1].
        starts: for each way, the number of steps of the trunk before it; never decreasing.
        resolutions: of the ways, smallest first.
        precision: the number format of the computation, `fp32` or `bf16`.
        engine: name of the backend; for OpenVINO with its version.
        torch_threads: number of threads that torch may use. If another library computes, it is 1:
            torch's threads spin for a while after each operation, on cores that others need.
        fixed_batches: True if each way, which then begins at the entry vectors, is to run at one
            batch size only.
        boxes: for each way, side in pixels of the box filter after it; empty if there are none.
    """

    trunk: tuple[Step, ...]
    ways: tuple[Step, ...]
    starts: tuple[int, ...]
    resolutions: tuple[int, ...]
    device: torch.device
    precision: str
    engine: str = "eager"
    torch_threads: int = 1
    fixed_batches: bool = False
    boxes: tuple[int, ...] = ()

    def way_to(self, resolution: int, label: int | None) -> int:
        """Return the index of the way to the pictures of a resolution, of a class if it matters."""
        each = len(self.ways) // len(self.resolutions)
        branch = 0 if label is None or each == 1 else label
        return self.resolutions.index(resolution) * each + branch

    @property
    def computed_at(self) -> tuple[int, ...]:
        """The resolution at which each way computes, before its box filter."""
        each = len(self.ways) // len(self.resolutions)
        asked = [resolution for resolution in self.resolutions for _ in range(each)]
        boxes = self.boxes or (1,) * len(asked)
        return tuple(r * box for r, box in zip(asked, boxes, strict=True))

    def shrunk(self, images: Tensor, way: int) -> Tensor:
        """Return the images of a way after its box filter."""
        box = self.boxes[way] if self.boxes else 1
        return images if box == 1 else F.avg_pool2d(images, box)


@dataclass(frozen=True)
class FoldedModules:
    """The modules of a generator, folded into plain layers.

    Attributes:
        trunk: as in `models.family.ImageGenerator`, as are the next two.
        ways: for each resolution one, or one for each class; several may share a module.
        starts: number of modules of the trunk before each way.
        resolutions: of the ways.
        entry_size: numbers in an entry vector.
        boxes: box filter after each way, in pixels.
    """

    trunk: nn.ModuleList
    ways: nn.ModuleList
    starts: tuple[int, ...]
    resolutions: tuple[int, ...]
    entry_size: int
    boxes: tuple[int, ...]

    @classmethod
    def of(cls, generator: ImageGenerator) -> FoldedModules:
        """Fold a generator; takes ownership of its modules and modifies them."""
        ways = generator.ways
        folded = cls(
            generator.trunk,
            nn.ModuleList(way.module for way in ways),
            tuple(way.start for way in ways),
            generator.config.resolutions,
            generator.entrance.size,
            tuple(way.box for way in ways),
        )
        fold(folded.trunk)
        fold(folded.ways)
        return folded

    def steps(self, begin: Callable[[nn.Module], Step]) -> tuple[Step, ...]:
        """Return the trunk as steps; `begin` makes that of the first module."""
        return tuple(step if place else begin(step) for place, step in enumerate(self.trunk))


def eager_network(
    generator: ImageGenerator, device: torch.device, threads: int = 1
) -> CompiledNetwork:
    """Prepare a generator for plain PyTorch in fp32 on `threads` threads.

    Takes ownership of its modules and modifies them.
    """
    folded = FoldedModules.of(generator)
    for part in (folded.trunk, folded.ways):
        part.to(device)
    return CompiledNetwork(
        folded.steps(_channels_last),
        tuple(folded.ways),
        folded.starts,
        folded.resolutions,
        device,
        "fp32",
        torch_threads=threads,
        boxes=folded.boxes,
    )


def _channels_last(first: nn.Module) -> Step:
    """Return a step whose features are channels_last, a memory format that all others keep."""

    def run(entry: Tensor) -> Tensor:
        return in_channels_last(first(entry))

    return run


def in_channels_last(features: Tensor) -> Tensor:
    """Return features `[N, C, h, w]` in channels_last; others unchanged."""
    if features.dim() != 4:
        return features
    return features.contiguous(memory_format=torch.channels_last)
