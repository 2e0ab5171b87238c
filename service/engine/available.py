"""Check of the configured device and precision, before anything is loaded.

Owns the error messages for a machine that lacks them. Without a configured device or precision,
one that the machine has is chosen, so the check cannot fail.
"""

from __future__ import annotations

import torch

from service.engine.device import DeviceError, open_device

BF16 = "bf16"


def require_available(device: str | None, precision: str, threads: int) -> None:
    """Raise if this machine lacks the configured device or precision; takes seconds (torch import).

    Args:
        device: `cpu`, `cuda` or `cuda:0`; None if it is not configured.
        precision: `auto`, `fp32` or `bf16`.
        threads: number of threads of the CPU kernels.

    Raises:
        DeviceError: the device is missing, or cannot compute in this precision.
    """
    opened = open_device(device, threads)
    if precision == BF16 and not _has_bf16(opened):
        raise DeviceError(f"PROGAN_PRECISION bf16: {opened} cannot compute in it; use auto or fp32")


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)  # not measured on CUDA
    try:
        from service.engine.backends.openvino import library  # noqa: PLC0415 - may not be installed

        return "BF16" in library().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):
        return False  # plain PyTorch on a CPU computes in fp32
