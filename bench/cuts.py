"""Compiled network as one graph, or cut at each level: the cost of a cut.

Owns variants that only `bench.engine` measures, beside the one that the service uses.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from models.families.progan.generator import Generator
from service.engine.backends.eager import FoldedModules
from service.engine.backends.openvino import CompiledStep, Compiler
from service.engine.backends.openvino_graph import graph_of, shape_after


def compiled_parts(
    generator: Generator, cuts: int, threads: int, precision: str = "fp32"
) -> Callable[[Tensor], Tensor]:
    """Return the path to the largest picture, cut `cuts` times: after the stem and each next level.

    Args:
        generator: network to compile; takes ownership and changes it.
        cuts: 0 for one graph; at most `len(generator.trunk)`: the last exit is separate.
    """
    folded = FoldedModules.of(generator)
    chain = [*folded.trunk, folded.ways[-1]]
    cuts = min(cuts, len(chain) - 1)
    compile_graph = Compiler(threads, precision)
    shape = (folded.entry_size,)
    steps: list[CompiledStep] = []
    for part in [[module] for module in chain[:cuts]] + [chain[cuts:]]:
        graph = graph_of(part, shape)
        shape = shape_after(graph)
        steps.append(compile_graph(graph))

    def run(z: Tensor) -> Tensor:
        with torch.inference_mode():
            for step in steps:
                z = step(z)
        return z

    return run
