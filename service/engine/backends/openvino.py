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

from models.family import ImageGenerator
from service.engine.backends.eager import CompiledNetwork, FoldedModules
from service.engine.backends.openvino_graph import graph_of, shape_after
from service.engine.device import Target

MOST_SHARED_LEVELS = 2  # up to 16 px
SHARED_WEIGHTS = 1_000_000
"""Minimal number of weights of a shared level; sharing saves memory.

Of a trunk, the first module and at most two levels after it are shared. On a CPU this saves no
time: each division between two steps copies and reorders the features. With levels shared up to
16 px this costs 4 % of the time of a wide network and 10 % of a tiny one; with all levels shared
19 % and 65 % (`bench/engine.py`).
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


def shared_steps(trunk: nn.ModuleList) -> int:
    """Return the number of modules of a trunk that run once for all pictures of a batch.

    The first one, from the entry vectors on, is always shared.
    """
    sizes = [sum(p.numel() for p in module.parameters()) for module in trunk]
    wide = takewhile(lambda n: n >= SHARED_WEIGHTS, sizes[1 : 1 + MOST_SHARED_LEVELS])
    return min(len(trunk), 1 + sum(1 for _ in wide))


def openvino_network(generator: ImageGenerator, target: Target) -> CompiledNetwork:
    """Compile each shared module of the trunk, and for each way all that follows them as one step.

    Takes ownership of the modules of the generator and modifies them. The result states the
    precision that it computes in: the processor may lack that of `target`.

    Raises:
        NotTranslatedError: the network has an operation that `openvino_graph` cannot translate.
        RuntimeError: OpenVINO cannot be used on this machine, or refuses the graph.
    """
    folded = FoldedModules.of(generator)
    compiler = Compiler(target.threads, target.precision)
    modules = [*folded.trunk]
    shared = shared_steps(folded.trunk)
    shapes: list[tuple[int, ...]] = [(folded.entry_size,)]
    trunk: list[CompiledStep] = []
    for module in modules[:shared]:
        graph = graph_of([module], shapes[-1])
        shapes.append(shape_after(graph))
        trunk.append(compiler(graph))
    starts = tuple(min(start, shared) for start in folded.starts)
    compiled: dict[nn.Module, CompiledStep] = {}  # ways may share a module
    for way, start, begin in zip(folded.ways, folded.starts, starts, strict=True):
        if way not in compiled:
            compiled[way] = compiler(graph_of([*modules[begin:start], way], shapes[begin]))
    ways = [compiled[way] for way in folded.ways]
    return CompiledNetwork(
        tuple(trunk),
        tuple(ways),
        starts,
        folded.resolutions,
        torch.device("cpu"),
        compiler.precision,
        f"openvino {ov.__version__.partition('-')[0]}",
        boxes=folded.boxes,
    )
