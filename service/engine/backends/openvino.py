"""The backend for CPUs: compiled by OpenVINO when the model is loaded.

Owns the division of the network into steps and the settings of OpenVINO, which needs no compiler
on the machine and writes no file. Takes and returns torch tensors; the translation is in
`openvino_graph`.
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
"""Minimal number of weights of a shared level; sharing saves memory.

At most the first two levels are shared. On a CPU this saves no time: each division between two
steps copies and reorders the features. With levels shared up to 16 px this costs 4 % of the time of
a wide network and 10 % of a tiny one; with all levels shared 19 % and 65 %
(`bench/engine.py`).
"""

HINTS = {"fp32": "f32", "bf16": "bf16"}  # our names -> names of OpenVINO
NAMES = {hint: name for name, hint in HINTS.items()}


@cache
def library() -> ov.Core:
    """Return OpenVINO's core, a single one for the lifetime of the process.

    Its CPU plugin replaces the alternate signal stack of the thread that loads it, and restores the
    old one on the thread that releases it, even if that is another thread. A signal to a thread
    whose alternate stack no longer exists ends the process. So a temporary thread loads the plugin,
    and it is never released.
    """

    def load() -> ov.Core:
        core = ov.Core()
        core.get_property("CPU", "FULL_DEVICE_NAME")  # loads the plugin
        return core

    with ThreadPoolExecutor(1, "openvino") as passing:
        return passing.submit(load).result()


class CompiledStep:
    """A compiled part of the network; only one call at a time."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._request = compiled.create_infer_request()

    def __call__(self, x: Tensor) -> Tensor:
        """Compute any number of images; the result is a copy that later calls do not change."""
        results = self._request.infer([x.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(results[0])


class Compiler:
    """OpenVINO's compiler, with settings for reproducible results."""

    def __init__(self, threads: int, precision: str) -> None:
        self._core = library()
        self._settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "INFERENCE_NUM_THREADS": threads,  # another number may change the order of summation
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # other processes may be pinned to the same cores
        }
        self.precision = precision

    def __call__(self, graph: ov.Model) -> CompiledStep:
        """Compile a graph, and note the precision that OpenVINO has chosen for it."""
        compiled = self._core.compile_model(graph, "CPU", self._settings)
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.precision = NAMES.get(hint.to_string(), self.precision)  # a CPU may lack bf16
        return CompiledStep(compiled)


def shared_levels(levels: nn.ModuleList) -> int:
    """Return the number of levels, from the first, that run once for all pictures of a batch."""
    sizes = [sum(p.numel() for p in level.parameters()) for level in levels]
    return sum(1 for _ in takewhile(lambda n: n >= SHARED_WEIGHTS, sizes[:MOST_SHARED_LEVELS]))


def openvino_network(
    stem: nn.Module,
    levels: nn.ModuleList,
    exits: nn.ModuleList,
    entry_size: int,
    target: Target,
) -> CompiledNetwork:
    """Compile the stem, each shared level, and for each exit all that follows them as one step.

    Takes ownership of the modules and modifies them. The result states the precision that it
    computes in: the processor may lack that of `target`.

    Raises:
        NotTranslatedError: the network has an operation that `openvino_graph` cannot translate.
        RuntimeError: OpenVINO cannot be used on this machine, or refuses the graph.
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
