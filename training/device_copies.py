"""Copies between CPU and device that do not make the CPU wait.

Owns the pinned memory on the CPU: copies from other memory would wait for the device. On a CPU
nothing is copied. The CUDA code follows the documentation and was not measured on CUDA.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor


def is_asynchronous(device: torch.device) -> bool:
    """True if `device` computes while the CPU already prepares what follows."""
    return device.type == "cuda"


def onto_device(values: Tensor, device: torch.device) -> Tensor:
    """Copy from the CPU to `device`; on CUDA without waiting, through pinned memory."""
    if device.type != "cuda":
        return values.to(device)
    return values.contiguous().pin_memory().to(device, non_blocking=True)


class HostCopy:
    """Values on their way to the CPU; on CUDA the copy does not wait for the device."""

    def __init__(self, values: Tensor) -> None:
        self._values = values
        self._done: torch.cuda.Event | None = None
        if values.device.type == "cuda":
            self._values = torch.empty_like(values, device="cpu", pin_memory=True)
            self._values.copy_(values, non_blocking=True)
            self._done = torch.cuda.Event()
            self._done.record()

    def wait(self) -> list[float]:
        """Return the values, when they have arrived."""
        if self._done is not None:
            self._done.synchronize()
        return cast("list[float]", self._values.tolist())
