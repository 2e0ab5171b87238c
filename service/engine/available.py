"""Check, before anything is loaded, of the device and the precision that the settings name.

Owns the sentences for a machine that has not. What is chosen where nothing is named cannot fail.
"""

from __future__ import annotations

import torch

from service.engine.device import DeviceError, open_device

BF16 = "bf16"


def require_available(device: str | None, precision: str, threads: int) -> None:
    """Return where this machine can compute as the settings say; importing torch takes seconds.

    Args:
        device: `cpu`, `cuda` or `cuda:0`; None where it is not named.
        precision: `auto`, `fp32` or `bf16`.
        threads: of the CPU's kernels.

    Raises:
        DeviceError: it cannot.
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
