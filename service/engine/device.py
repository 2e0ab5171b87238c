"""The device: which one, in which precision, and what must stay fixed on it for equal bytes.

Owns settings that torch keeps for the whole process, and the way to the device and back. The CUDA
path is written from the documentation and not measured on CUDA; the start-up test judges it like
any other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.picture import Pixels


@dataclass(frozen=True)
class Target:
    """Where and how a network is to be computed.

    Attributes:
        threads: of the CPU's kernels.
        precision: `fp32` or `bf16`; a backend that cannot states what it computes in instead.
    """

    device: torch.device
    threads: int
    precision: str


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


def device_precision(wanted: str, device: torch.device) -> str:
    """`fp32` or `bf16`: the wanted one, or for `auto` the one that is worth it on this device.

    It depends on the kind of processor alone and never on a measurement, which could come out
    otherwise after a restart and change every picture. On a CPU bf16 pays with matrix units (AMX)
    only: with AVX512-BF16 alone it was measured slower than fp32. CUDA is not measured.

    Args:
        wanted: `auto`, `fp32` or `bf16`.
        device: where.
    """
    if wanted != "auto":
        return wanted
    has_matrix_units = torch.cpu.get_capabilities().get("amx_bf16")
    return "bf16" if device.type == "cpu" and has_matrix_units else "fp32"


def to_device(latents: Tensor, device: torch.device) -> Tensor:
    """From the CPU to `device`; through pinned memory where that lets the copy run beside work."""
    if device.type == "cpu":
        return latents
    return latents.pin_memory().to(device, non_blocking=True)  # not measured on CUDA


def to_host(pictures: Sequence[Tensor]) -> list[Pixels]:
    """From the device to arrays; on CUDA all copies are under way before the first is awaited."""
    if not pictures or pictures[0].device.type == "cpu":
        return [picture.numpy() for picture in pictures]
    places = [torch.empty_like(p, device="cpu", pin_memory=True) for p in pictures]
    for place, picture in zip(places, pictures, strict=True):
        place.copy_(picture, non_blocking=True)
    torch.cuda.synchronize(pictures[0].device)
    # Pinned memory is scarce, and a picture may be kept for long.
    return [place.numpy().copy() for place in places]


def processor_of(target: Target) -> str:
    """The kind of processor: another one rounds differently, and may change a last bit."""
    if target.device.type == "cuda":
        return torch.cuda.get_device_name(target.device)
    return torch.backends.cpu.get_cpu_capability()


def libraries_of(target: Target) -> str:
    """Names and versions whose change may change a last bit."""
    names = [f"torch {torch.__version__}"]
    if target.device.type == "cuda":
        names.append(f"cudnn {torch.backends.cudnn.version()}")
    return ", ".join(names)
