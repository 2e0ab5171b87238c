"""The device: which one, and what must be fixed on it so that bytes stay equal.

Owns settings that torch keeps for the whole process. The CUDA path is written from the
documentation and not measured on CUDA; the start-up test judges it like any other.
"""

from __future__ import annotations

import os

import torch


class DeviceError(ValueError):
    """The wanted device cannot be used; the message says what to do."""


def open_device(wanted: str | None, threads: int) -> torch.device:
    """The device named `wanted`, else the first CUDA device, else the CPU.

    Args:
        wanted: `cpu`, `cuda` or `cuda:0`.
        threads: of the CPU's kernels; fixed, since another number may add up in another order.

    Raises:
        DeviceError: there is no such device.
    """
    torch.set_num_threads(threads)
    name = wanted or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"PROGAN_DEVICE {name!r} is no device: use cpu or cuda:0") from error
    if device.type == "cuda":
        return _open_cuda(device)
    if device.type != "cpu":
        raise DeviceError(f"PROGAN_DEVICE {name!r} is not supported: use cpu or cuda:0")
    return device


def _open_cuda(device: torch.device) -> torch.device:
    """Not measured on CUDA."""
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise DeviceError(f"PROGAN_DEVICE {device}: this machine has {count} CUDA devices; use cpu")
    # cuDNN must neither search for the fastest kernel nor use one that adds in changing order,
    # and fp32 must mean fp32.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return torch.device("cuda", device.index or 0)


def libraries_of(device: torch.device) -> str:
    """Names and versions whose change may change a last bit."""
    names = [f"torch {torch.__version__}", f"threads {torch.get_num_threads()}"]
    if device.type == "cuda":
        names = [
            names[0],
            f"cudnn {torch.backends.cudnn.version()}",
            torch.cuda.get_device_name(device),
        ]
    else:
        names.append(torch.backends.cpu.get_cpu_capability())
    return ", ".join(names)
