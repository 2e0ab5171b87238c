"""The backend for CPUs: compiled by OpenVINO when the model is loaded.

Owns where the network is cut and how OpenVINO is set up. It needs no compiler on the machine and
writes no file. Takes and returns torch tensors; the translation is in `openvino_graph`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import takewhile

import openvino as ov
import torch
from torch import Tensor, nn

from service.engine.backends.eager import CompiledNetwork, fold
from service.engine.backends.openvino_graph import graph_of, shape_after
from service.engine.device import Target

MOST_SHARED_LEVELS = 2  # up to 16 px
SHARED_WEIGHTS = 1_000_000
"""Levels are shared where that saves memory: the first two, if they have as many weights each.

On a CPU it saves no time. A cut copies the features and reorders them: up to 16 px that is 4 % of
a wide network and 10 % of a tiny one; at every level 19 and 65 % (`bench/engine.py`).
"""

HINTS = {"fp32": "f32", "bf16": "bf16"}  # our names -> those of OpenVINO
NAMES = {hint: name for name, hint in HINTS.items()}


@cache
def library() -> ov.Core:
    """OpenVINO, one for the whole life of the process.

    Its plugin exchanges the alternate signal stack of the thread that loads it, and puts the old
    one back on the thread that drops it, whichever that is: a signal to a thread left with a stack
    that is gone ends the process. So a thread that ends at once loads it, and nobody drops it.
    """

    def load() -> ov.Core:
        core = ov.Core()
        core.get_property("CPU", "FULL_DEVICE_NAME")  # loads the plugin
        return core

    with ThreadPoolExecutor(1, "openvino") as passing:
        return passing.submit(load).result()


class CompiledStep:
    """A part of the network; one call at a time."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._request = compiled.create_infer_request()

    def __call__(self, x: Tensor) -> Tensor:
        """Any number of images; the result is a copy, which the next call leaves alone."""
        results = self._request.infer([x.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(results[0])


class Compiler:
    """OpenVINO, set up so that the same numbers come out each time."""

    def __init__(self, threads: int, precision: str) -> None:
        self._core = library()
        self._settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "INFERENCE_NUM_THREADS": threads,  # another number may add up in another order
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # other processes may have pinned theirs to the same cores
        }
        self.precision = precision

    def __call__(self, graph: ov.Model) -> CompiledStep:
        """A graph ready to run."""
        compiled = self._core.compile_model(graph, "CPU", self._settings)
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.precision = NAMES.get(hint.to_string(), self.precision)  # a CPU may have no bf16
        return CompiledStep(compiled)


def shared_levels(levels: nn.ModuleList) -> int:
    """How many levels, from the first, run once for all pictures of a batch."""
    sizes = [sum(p.numel() for p in level.parameters()) for level in levels]
    return sum(1 for _ in takewhile(lambda n: n >= SHARED_WEIGHTS, sizes[:MOST_SHARED_LEVELS]))


def openvino_network(
    stem: nn.Module,
    levels: nn.ModuleList,
    exits: nn.ModuleList,
    entry_size: int,
    target: Target,
) -> CompiledNetwork:
    """Stem, the shared levels one by one, and the way from there to each exit in one piece.

    Takes ownership of the modules and modifies them. The result states the precision it computes
    in: the processor may not have that of `target`.

    Raises:
        NotTranslatedError: the network has an operation that `openvino_graph` does not know.
        RuntimeError: OpenVINO cannot be used here, or refuses the graph.
    """
    for part in (stem, levels, exits):
        fold(part)
    compiler = Compiler(target.threads, target.precision)
    shared = shared_levels(levels)
    shapes: list[tuple[int, ...]] = [(entry_size,)]
    trunk: list[CompiledStep] = []
    for part in (stem, *levels[:shared]):
        graph = graph_of([part], shapes[-1])
        shapes.append(shape_after(graph))
        trunk.append(compiler(graph))
    ways = [
        compiler(graph_of([*levels[shared:level], leave], shapes[min(level, shared) + 1]))
        for level, leave in enumerate(exits)
    ]
    return CompiledNetwork(
        trunk[0],
        tuple(trunk[1:]),
        tuple(ways),
        torch.device("cpu"),
        compiler.precision,
        f"openvino {ov.__version__.partition('-')[0]}",
    )
