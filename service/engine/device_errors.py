"""Recognition of device faults in the errors of torch and the libraries below it.

Owns the texts that identify a fault, and the freeing of memory. Only the caching allocator has an
exception class of its own; errors of cuBLAS, cuDNN, oneDNN and the drivers arrive as `RuntimeError`
with a text. The texts for the CPU were observed when its memory was short; those for CUDA are from
torch's source code and bug reports, and were not measured on CUDA.
"""

from __future__ import annotations

import gc

import torch

from service.batching.engine import DeviceLost
from service.engine.capture_gate import capture_gate

# After these errors, a batch of half the size may fit.
OUT_OF_MEMORY = (
    "out of memory",  # the caching allocator, the CUDA and HIP runtime, the driver
    "can't allocate memory",  # torch's allocator on the CPU
    "not enough memory",  # the same on Windows
    "cannot allocate memory",  # the system, under any of them
    "unable to allocate",  # numpy
    "bad_alloc",  # C++
    "status_alloc_failed",  # cuBLAS, cuDNN, cuSOLVER and their HIP counterparts
    "allocation_failed",  # cuDNN 9, for the host's and the device's memory
    "cublas_status_not_initialized",  # not enough memory for its handle
    "could not create a primitive",  # oneDNN
    "could not create a memory",  # oneDNN
)

# After any other error of CUDA or HIP the process is unusable: every later call fails, too.
DEVICE_LOST = (
    "cuda error",
    "cuda driver error",
    "hip error",
    "status_execution_failed",
    "status_internal_error",
    "status_mapping_error",
    "illegal memory access",
    "illegal instruction was encountered",
    "device-side assert",
    "unspecified launch failure",
    "misaligned address",
    "hardware stack error",
    "launch timed out",
    "uncorrectable",
)

# Exceptions to `DEVICE_LOST`: calls that were refused before anything ran.
HARMLESS = (
    "invalid argument",
    "invalid configuration",
    "invalid device ordinal",
    "no kernel image",
    "too many resources requested",
    "captur",  # a call that a capture of a graph forbids, or the end of a capture that failed
)

# cuDNN has no algorithm, either for want of memory or because none is deterministic.
NO_ALGORITHM = ("cudnn_status_not_supported", "unable to find an engine to execute")


def fault_of(error: Exception) -> MemoryError | DeviceLost | None:
    """Translate a device fault into an exception that code without torch knows; None if it is none.

    The new error does not reference the old one, whose frames would keep the batch's tensors alive.
    """
    if isinstance(error, DeviceLost):
        return error
    told = f"{type(error).__name__}: {error}"
    text = str(error).lower()
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or _says(text, OUT_OF_MEMORY):
        return MemoryError(told)
    lost = isinstance(error, torch.AcceleratorError) or _says(text, DEVICE_LOST)
    return DeviceLost(told) if lost and not _says(text, HARMLESS) else None


def lacks_algorithm(error: BaseException) -> bool:
    """True if cuDNN found no algorithm for a network."""
    return _says(str(error).lower(), NO_ALGORITHM)


def free_memory() -> None:
    """Free memory that no tensor uses; call it when the error is no longer referenced."""
    gc.collect()
    if torch.cuda.is_initialized():  # not measured on CUDA
        with capture_gate().work():  # it waits for the device, which breaks a capture
            torch.cuda.empty_cache()


def _says(text: str, spellings: tuple[str, ...]) -> bool:
    return any(spelling in text for spelling in spellings)
