"""Where a command computes."""

from argparse import ArgumentTypeError

import pytest
import torch

from training.config.config import ConfigError
from training.device import device_of, thread_count


def test_without_a_name_it_is_the_first_cuda_device_or_else_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device that is named is taken as it is."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert device_of(None) == device_of("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["abacus", "cuda:99", "mps", "meta"])
def test_a_device_that_cannot_be_used_is_named_in_one_line(name: str) -> None:
    """Before any work, whether torch knows it or not."""
    with pytest.raises(ConfigError, match=rf"^--device {name} cannot be used: .+$") as refused:
        device_of(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["1", "1024"])
def test_threads_are_counted_from_one(text: str) -> None:
    """As far as a machine can have."""
    assert thread_count(text) == int(text)


@pytest.mark.parametrize("text", ["0", "1025", "-1", "many", ""])
def test_a_wrong_number_of_threads_is_refused(text: str) -> None:
    """With what is possible."""
    with pytest.raises(ArgumentTypeError, match=f"1 to 1024 threads are possible, not '{text}'"):
        thread_count(text)
