"""Faults of the device, recognised in each of their spellings."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from service.batching.engine import DeviceLost
from service.engine.device_errors import fault_of, free_memory, lacks_algorithm

SHORT_OF_MEMORY = [
    torch.OutOfMemoryError("Allocation on device"),
    MemoryError(),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of"),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("HIP out of memory. Tried to allocate 1024.00 MiB"),
    RuntimeError("CUDA driver error: out of memory"),
    torch.AcceleratorError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8589934592 bytes."),
    RuntimeError("std::bad_alloc"),
    RuntimeError("could not create a primitive"),
    RuntimeError("could not create a memory object"),
]
NO_ALGORITHM = [
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
]
LOST = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    torch.AcceleratorError("HIP error: unspecified launch failure"),
    torch.AcceleratorError("of another kind of device"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be"),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: misaligned address"),
    RuntimeError("CUDA error: an illegal instruction was encountered"),
    RuntimeError("CUDA error: uncorrectable ECC error encountered"),
    RuntimeError("CUDA error: the launch timed out and was terminated"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"),
    DeviceLost("already told"),
]
FAULTS_OF_A_BATCH = [
    ValueError("no such level"),
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (1x16 and 32x16)"),
    torch.AcceleratorError("CUDA error: invalid argument"),
    RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    RuntimeError("CUDA error: invalid configuration argument"),
    RuntimeError("CUDA error: operation not permitted when stream is capturing"),
    torch.AcceleratorError("CUDA error: operation failed due to a previous error during capture"),
    *NO_ALGORITHM,
]


@pytest.mark.parametrize("error", SHORT_OF_MEMORY, ids=repr)
def test_every_spelling_of_memory_that_is_short_becomes_a_memory_error(error: Exception) -> None:
    """With the class and the words of the original, for the log."""
    fault = fault_of(error)

    assert isinstance(fault, MemoryError)
    assert str(fault) == f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("error", LOST, ids=repr)
def test_every_spelling_of_a_spoiled_device_becomes_a_lost_device(error: Exception) -> None:
    """No later call would fare better."""
    fault = fault_of(error)

    assert isinstance(fault, DeviceLost)
    assert str(error) in str(fault)


@pytest.mark.parametrize("error", FAULTS_OF_A_BATCH, ids=repr)
def test_other_faults_are_those_of_their_batch(error: Exception) -> None:
    """And of a call that was refused before anything ran."""
    assert fault_of(error) is None


@pytest.mark.parametrize("error", NO_ALGORITHM, ids=repr)
def test_a_missing_algorithm_is_told_from_want_of_memory(error: Exception) -> None:
    """A smaller picture need not help."""
    assert lacks_algorithm(error)
    assert not lacks_algorithm(torch.OutOfMemoryError("CUDA out of memory"))


def test_the_allocators_of_this_machine_are_recognised() -> None:
    """In the words they use here, for more than any machine has."""
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(MemoryError) as of_numpy:
        np.empty(2**60, np.uint8)

    assert isinstance(fault_of(of_torch.value), MemoryError)
    assert isinstance(fault_of(of_numpy.value), MemoryError)


def test_a_fault_does_not_keep_the_tensors_of_its_batch_alive() -> None:
    """Else there would be nothing to free."""
    kept: list[weakref.ref[torch.Tensor]] = []

    def compute() -> None:
        features = torch.zeros(8)
        kept.append(weakref.ref(features))
        raise torch.OutOfMemoryError("CUDA out of memory")

    fault: Exception | None = None
    try:
        compute()
    except RuntimeError as error:
        fault = fault_of(error)
    free_memory()
    gc.collect()

    assert isinstance(fault, MemoryError)
    assert kept[0]() is None
