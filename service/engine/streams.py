"""Streams of a device: pictures of requests before the verification of new bundles.

Owns the priorities, and the contexts in which a thread computes. Priorities of threads mean nothing
to a GPU, so a new bundle is loaded and verified on a stream of low priority. The CUDA code follows
the documentation and was not measured on CUDA.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum
from functools import cache

import torch

from service.engine.capture_gate import capture_gate


class Work(Enum):
    """Kind of work of a thread; the value is the priority of its stream, lower is sooner."""

    SERVING = -1
    VERIFYING = 0


@contextmanager
def computing(device: torch.device, work: Work) -> Generator[None]:
    """Context in which the calling thread computes on `device`, on the stream of `work`.

    It also makes `device` the current one of this thread. On a CPU it does nothing.
    """
    if device.type != "cuda":
        yield
        return
    with torch.cuda.stream(stream_of(device, work)):
        yield


@contextmanager
def no_capture(device: torch.device) -> Generator[None]:
    """Context of work on `device`, during which no thread captures a graph."""
    if device.type != "cuda":
        yield
        return
    with capture_gate().work():
        yield


@cache
def stream_of(device: torch.device, work: Work) -> torch.cuda.Stream:
    """Return the stream of a CUDA device for `work`, the same one for every caller."""
    return torch.cuda.Stream(device, priority=work.value)
