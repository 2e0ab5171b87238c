"""The backend for CUDA: channels_last, one CUDA graph for each step and batch size.

Owns the capture and replay of graphs. Written from the documentation and not measured on CUDA; the
start-up test verifies it as it verifies any other backend.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.family import ImageGenerator
from service.engine.backends.eager import (
    CompiledNetwork,
    FoldedModules,
    Step,
    in_channels_last,
)
from service.engine.device import Target

WARM_UPS = 3  # runs before a capture: in the first, libraries choose kernels and allocate memory

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class GraphedStep:
    """A step whose kernels are launched together, by a CUDA graph captured for each input shape.

    Steps run only at a few verified batch sizes, so there are few shapes.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._recorded: dict[torch.Size, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Replay the graph of the shape of `x`; later replays do not change the result."""
        if x.shape not in self._recorded:
            self._recorded[x.shape] = self._record(x)
        graph, given, made = self._recorded[x.shape]
        given.copy_(x)
        graph.replay()
        return made.clone()

    def _record(self, x: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        given = x.clone()
        beside = torch.cuda.Stream(x.device)
        beside.wait_stream(torch.cuda.current_stream(x.device))
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                self._step(given)
        torch.cuda.current_stream(x.device).wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        # Other threads may load a model meanwhile; their operations must not enter this graph.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            made = self._step(given)
        return graph, given, made


def cuda_network(generator: ImageGenerator, target: Target) -> CompiledNetwork:
    """Compile a generator for a CUDA device, in the precision of `target`.

    Takes ownership of its modules and modifies them.
    """
    dtype = DTYPES[target.precision]
    folded = FoldedModules.of(generator)
    for part in (folded.trunk, folded.ways):
        part.to(device=target.device, dtype=dtype)  # folding stored the weights in channels_last

    def converted(step: Step) -> Step:
        return lambda entry: in_channels_last(step(entry.to(dtype)))

    ways = tuple(
        way if start else converted(way)
        for way, start in zip(folded.ways, folded.starts, strict=True)
    )
    return CompiledNetwork(
        tuple(map(GraphedStep, folded.steps(converted))),
        tuple(map(GraphedStep, ways)),
        folded.starts,
        folded.resolutions,
        target.device,
        target.precision,
        "cuda graphs",
    )
