"""Complete ways: one step for each resolution, from entry vectors to images.

Owns the division that suits graphs, where launching the shared levels again costs less than copying
features between graphs, and the mixed precision of bf16. Runs on every device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from models.layers.progan import at_least_fp32, in_fp32
from service.engine.backends.eager import FoldedModules, Step, in_channels_last

Convolution = nn.Conv2d | nn.ConvTranspose2d


class Fp32Layer(nn.Module):
    """A layer that computes in fp32 even under autocast."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Return the result of the layer, in fp32."""
        return in_fp32(self.layer, x)


def complete_ways(folded: FoldedModules, device: torch.device, precision: str) -> tuple[Step, ...]:
    """Return a step for each resolution: entry vectors `[N, size]` -> images `[N, C, h, w]`.

    In bf16 only the convolutions of the trunk are; as in training, the last layers of pictures stay
    fp32, whose rounding is seen in smooth areas, and so do dense layers and the first module of
    several, which begins at the entry vectors.

    Args:
        folded: moved to `device`, and modified.
        device: that computes.
        precision: `fp32` or `bf16`.
    """
    mixed = precision == "bf16"
    for part in (folded.trunk, folded.ways):
        part.to(device)  # folding stored the weights in channels_last
    modules: list[Callable[[Tensor], Tensor]] = [*folded.trunk]
    if mixed:
        start = 1 if len(folded.trunk) > 1 else 0
        modules[:start] = [Fp32Layer(module) for module in folded.trunk[:start]]
        for module in folded.trunk[start:]:
            store_in_bf16(module)

    def complete(way: nn.Module, steps: Sequence[Callable[[Tensor], Tensor]]) -> Step:
        def run(entry: Tensor) -> Tensor:
            x = entry
            # a cache of cast weights would keep memory of one graph for another
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed, cache_enabled=False):
                for step in steps:
                    x = in_channels_last(step(x))
            return way(at_least_fp32(x))

        return run

    return tuple(
        complete(way, modules[:start])
        for way, start in zip(folded.ways, folded.starts, strict=True)
    )


def store_in_bf16(module: nn.Module) -> None:
    """Store the weights of all convolutions below in bf16; keep dense layers in fp32; in place."""
    for name, child in module.named_children():
        if isinstance(child, Convolution):
            child.to(torch.bfloat16)
        elif isinstance(child, nn.Linear):
            setattr(module, name, Fp32Layer(child))
        else:
            store_in_bf16(child)
