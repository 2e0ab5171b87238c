"""On a CPU nothing is copied; on CUDA values arrive as they were."""

import pytest
import torch

from training.device_copies import HostCopy, is_asynchronous, onto_device

CPU = torch.device("cpu")


def test_on_a_cpu_nothing_is_copied() -> None:
    """Not even a view."""
    values = torch.arange(6.0)[::2]

    assert onto_device(values, CPU) is values
    assert HostCopy(values).wait() == [0.0, 2.0, 4.0]
    assert not is_asynchronous(CPU)
    assert is_asynchronous(torch.device("cuda", 1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_values_come_to_a_device_and_back() -> None:
    """Views, too."""
    values = torch.arange(6.0)[::2]

    assert HostCopy(onto_device(values, torch.device("cuda"))).wait() == [0.0, 2.0, 4.0]
