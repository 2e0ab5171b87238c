"""Faults of the device, however torch and the libraries below it spell them.

Owns the spellings, and the freeing of memory. One class of its own has only the caching allocator;
what cuBLAS, cuDNN, oneDNN and the drivers say arrives as `RuntimeError` with a text. The spellings
of the CPU are those seen when its memory is short; those of CUDA are from torch's sources and
reports, and not measured on CUDA.
"""

from __future__ import annotations

import gc

import torch

from service.batching.engine import DeviceLost

# A batch of half the size may well fit.
OUT_OF_MEMORY = (
    "out of memory",  # the caching allocator, the CUDA and HIP runtime, the driver
    "can't allocate memory",  # torch's allocator on the CPU
    "not enough memory",  # the same on Windows
    "cannot allocate memory",  # the system, under any of them
    "unable to allocate",  # numpy
    "bad_alloc",  # C++
    "status_alloc_failed",  # cuBLAS, cuDNN, cuSOLVER and their HIP kin
    "allocation_failed",  # cuDNN 9, for the host's and the device's memory
    "cublas_status_not_initialized",  # there is no room for its handle
    "cudnn_status_not_supported",  # what it says of a batch that is too large
    "unable to find an engine to execute",  # no algorithm of cuDNN has room for its workspace
    "could not create a primitive",  # oneDNN
    "could not create a memory",  # oneDNN
)

# Whatever else CUDA or HIP reports has spoiled the process: the error stays, for every later call.
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

# But for calls that were refused before anything ran.
HARMLESS = (
    "invalid argument",
    "invalid configuration",
    "invalid device ordinal",
    "no kernel image",
    "too many resources requested",
)


def fault_of(error: Exception) -> MemoryError | DeviceLost | None:
    """What `error` says of the device, in a name that rooms without torch know; None if nothing.

    The new error does not hold the old one: its frames would keep the batch's tensors alive.
    """
    if isinstance(error, DeviceLost):
        return error
    told = f"{type(error).__name__}: {error}"
    text = str(error).lower()
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or _says(text, OUT_OF_MEMORY):
        return MemoryError(told)
    lost = isinstance(error, torch.AcceleratorError) or _says(text, DEVICE_LOST)
    return DeviceLost(told) if lost and not _says(text, HARMLESS) else None


def free_memory() -> None:
    """Give back what no tensor uses any more; to be called when the error is forgotten."""
    gc.collect()
    if torch.cuda.is_initialized():  # not measured on CUDA
        torch.cuda.empty_cache()


def _says(text: str, spellings: tuple[str, ...]) -> bool:
    return any(spelling in text for spelling in spellings)
