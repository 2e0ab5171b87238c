"""Pictures of requests come before the verification of bundles."""

from __future__ import annotations

import torch

from service.engine.capture_gate import capture_gate
from service.engine.streams import Work, computing, no_capture

CPU = torch.device("cpu")


def test_requests_have_the_higher_priority() -> None:
    """A lower number is a higher priority; 0 is the lowest that CUDA has."""
    assert Work.SERVING.value < Work.VERIFYING.value == 0


def test_a_cpu_needs_no_stream_and_waits_for_no_capture() -> None:
    """Inside a capture of this very process, work on a CPU begins at once."""
    with capture_gate().capture(), computing(CPU, Work.SERVING), no_capture(CPU):
        assert torch.ones(2).sum() == 2
