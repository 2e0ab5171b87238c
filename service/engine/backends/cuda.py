"""The backend for CUDA: one CUDA graph for each resolution, in one memory pool.

Owns the capture and replay of graphs. Written from the documentation and not measured on CUDA; the
start-up test verifies it as it verifies any other backend.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from models.family import ImageGenerator
from service.engine.backends.complete_ways import complete_ways
from service.engine.backends.eager import CompiledNetwork, FoldedModules, Step
from service.engine.capture_gate import capture_gate
from service.engine.device import Target
from service.engine.streams import Work, no_capture, stream_of

T = TypeVar("T")
WARM_UPS = 3  # runs before a capture: in the first, libraries choose kernels and allocate memory


class Recording(NamedTuple):
    """A captured graph, its input and its result, which each replay writes anew."""

    graph: torch.cuda.CUDAGraph
    given: Tensor
    made: Tensor


class GraphedStep:
    """A step whose kernels are launched together, by a CUDA graph.

    A graph is captured for each input shape and each priority of a stream: torch's graphs run at
    the priority at which they were captured.

    Args:
        step: from one tensor to another.
        pool: memory that all graphs of a network share. They must not run at the same time, and a
            result is copied before the next replay.
    """

    def __init__(self, step: Step, pool: Any) -> None:  # noqa: ANN401 - torch's type of a handle has no public name
        self._step = step
        self._pool = pool
        self._recorded: dict[tuple[torch.Size, int], Recording] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Replay the graph of the shape of `x`; later replays do not change the result."""
        with no_capture(x.device):
            place = x.shape, torch.cuda.current_stream(x.device).priority
            if place not in self._recorded:
                self._recorded[place] = self._record(x)
            recording = self._recorded[place]
            recording.given.copy_(x)
            recording.graph.replay()
            return recording.made.clone()

    def _record(self, x: Tensor) -> Recording:
        current = torch.cuda.current_stream(x.device)
        side = current
        if current == torch.cuda.default_stream(x.device):  # it cannot be captured
            side = stream_of(x.device, Work.VERIFYING)
        given = x.clone()
        side.wait_stream(current)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.stream(
            side
        ):  # torch leaves its own stream set if the end of a capture fails
            for _ in range(WARM_UPS):
                self._step(given)
            with capture_gate().capture():
                # Other threads may load a model meanwhile; their operations must not enter it.
                capture = torch.cuda.graph(
                    graph, pool=self._pool, stream=side, capture_error_mode="thread_local"
                )
                made = captured(capture, lambda: self._step(given))
        current.wait_stream(side)
        return Recording(graph, given, made)


def captured(capture: AbstractContextManager[object], step: Callable[[], T]) -> T:
    """Run `step` inside `capture`; if both fail, raise the error of `step`.

    The end of a capture that failed raises an error that does not name the cause.
    """
    caused: list[Exception] = []
    try:
        with capture:
            try:
                return step()
            except Exception as error:
                caused.append(error)
                raise
    except Exception as error:
        if caused and error is not caused[0]:
            raise caused[0] from None
        raise
    raise AssertionError("a capture must not suppress errors")


def cuda_network(generator: ImageGenerator, target: Target) -> CompiledNetwork:
    """Compile a generator for a CUDA device, in the precision of `target`.

    Takes ownership of its modules and modifies them. The result has no trunk, and is to be run at
    one fixed batch size for each resolution (`service.engine.fixed_batch`).
    """
    folded = FoldedModules.of(generator)
    ways = complete_ways(folded, target.device, target.precision)
    pool = torch.cuda.graph_pool_handle()
    return CompiledNetwork(
        (),
        tuple(GraphedStep(way, pool) for way in ways),
        (0,) * len(ways),
        folded.resolutions,
        target.device,
        target.precision,
        "cuda graphs",
        fixed_batches=True,
        boxes=folded.boxes,
    )
