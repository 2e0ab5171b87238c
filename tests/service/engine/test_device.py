"""Which device is opened, and what is said when it cannot be."""

from __future__ import annotations

import pytest
import torch

from service.engine.device import DeviceError, libraries_of, open_device


def test_the_cpu_is_opened_with_a_fixed_number_of_threads() -> None:
    """Another number may add up in another order."""
    device = open_device("cpu", threads=1)

    assert device.type == "cpu"
    assert torch.get_num_threads() == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_cuda_device_the_cpu_is_taken() -> None:
    """Nobody has to say so."""
    assert open_device(None, threads=1).type == "cpu"


@pytest.mark.parametrize("name", ["gpu7", "meta", "cuda:99"])
def test_a_device_that_cannot_be_used_is_refused_by_name(name: str) -> None:
    """And the message says what can."""
    with pytest.raises(DeviceError, match=f"PROGAN_DEVICE.*{name}.*use cpu"):
        open_device(name, threads=1)


def test_what_may_change_a_last_bit_is_named() -> None:
    """Library, threads, instruction set."""
    told = libraries_of(torch.device("cpu"))

    assert torch.__version__ in told
    assert f"threads {torch.get_num_threads()}" in told
