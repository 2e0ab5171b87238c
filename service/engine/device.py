"""The device: its selection, its precision, and the settings that reproducible bytes need.

Owns the settings that torch keeps for the whole process, and the copies to the device and back. The
CUDA code follows the documentation and was not measured on CUDA; the start-up test verifies it as
it verifies any other device.
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
    """Device, number of threads and precision for the computation of a network.

    Attributes:
        threads: number of threads of the CPU kernels.
        precision: `fp32` or `bf16`; a backend that lacks it states the precision that it uses.
    """

    device: torch.device
    threads: int
    precision: str


class DeviceError(ValueError):
    """The requested device cannot be used; the message states what to do."""


def open_device(wanted: str | None, threads: int) -> torch.device:
    """Return the device named `wanted`; for None the first CUDA device, or the CPU without one.

    Args:
        wanted: `cpu`, `cuda` or `cuda:0`.
        threads: number of threads of the CPU kernels; fixed, since another number may change the
            order of summation.

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
    """Set up a CUDA device for reproducible fp32, for the calling thread; not measured on CUDA."""
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise DeviceError(f"PROGAN_DEVICE {device}: this machine has {count} CUDA devices; use cpu")
    # cuDNN must neither benchmark kernels nor use one whose order of summation varies, and fp32
    # must not become TF32.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    opened = torch.device("cuda", device.index or 0)
    torch.cuda.set_device(opened)  # pinned memory, too, belongs to the current device
    return opened


def device_precision(wanted: str, device: torch.device) -> str:
    """Return the requested precision; for `auto` the faster of `fp32` and `bf16` on this device.

    `auto` depends only on the kind of processor and never on a measurement, whose result could
    differ after a restart and change every picture. On a CPU, bf16 is faster only with matrix units
    (AMX): with AVX512-BF16 but no AMX it was measured slower than fp32. On CUDA, `auto` is fp32;
    nothing was measured there.

    Args:
        wanted: `auto`, `fp32` or `bf16`.
        device: the device that computes.
    """
    if wanted != "auto":
        return wanted
    has_matrix_units = torch.cpu.get_capabilities().get("amx_bf16")
    return "bf16" if device.type == "cpu" and has_matrix_units else "fp32"


def to_device(latents: Tensor, device: torch.device) -> Tensor:
    """Copy from the CPU to `device`; on CUDA asynchronously, through pinned memory."""
    if device.type == "cpu":
        return latents
    return latents.pin_memory().to(device, non_blocking=True)  # not measured on CUDA


def to_host(pictures: Sequence[Tensor]) -> list[Pixels]:
    """Copy from the device to arrays; on CUDA all copies start before the first is awaited."""
    if not pictures or pictures[0].device.type == "cpu":
        return [picture.numpy() for picture in pictures]
    places = [torch.empty_like(p, device="cpu", pin_memory=True) for p in pictures]
    for place, picture in zip(places, pictures, strict=True):
        place.copy_(picture, non_blocking=True)
    # Not the device: that would wait for other streams, and break the capture of a graph.
    torch.cuda.current_stream(pictures[0].device).synchronize()
    # Pinned memory is scarce, and a picture may be kept for a long time.
    return [place.numpy().copy() for place in places]


def processor_of(target: Target) -> str:
    """Return the kind of processor; a different kind may round differently in the last bit."""
    if target.device.type == "cuda":
        return torch.cuda.get_device_name(target.device)
    return torch.backends.cpu.get_cpu_capability()


def libraries_of(target: Target) -> str:
    """Return the libraries and versions on which the last bit of a result may depend."""
    names = [f"torch {torch.__version__}"]
    if target.device.type == "cuda":
        names.append(f"cudnn {torch.backends.cudnn.version()}")
    return ", ".join(names)
