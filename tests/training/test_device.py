"""Where a command computes."""

from argparse import ArgumentParser, ArgumentTypeError

import pytest
import torch

from training import device
from training.config.config import ConfigError
from training.device import (
    add_determinism_argument,
    device_of,
    set_determinism,
    set_matrix_precision,
    thread_count,
    use_threads,
)


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


@pytest.mark.parametrize(
    ("wanted", "before", "most", "used"),
    [(2, 1, 4, 2), (None, 3, 4, 3), (None, 3, 2, 2), (8, 1, 2, 2), (1, 4, 1, 1)],
)
def test_torch_gets_no_more_threads_than_can_compute_at_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: int | None,
    before: int,
    most: int,
    used: int,
) -> None:
    """Who asked for more is told; who asked for nothing has torch's default, so far as it goes."""
    monkeypatch.setattr(device, "available_threads", lambda: most)
    torch.set_num_threads(before)

    assert use_threads(wanted) == torch.get_num_threads() == used

    reduced = "--threads 8: affinity and CPU quota let this process use 2 at once, so it takes 2\n"
    assert capsys.readouterr().err == (reduced if wanted == 8 else "")


@pytest.mark.parametrize(("precision", "tf32"), [("fp32", False), ("bf16", True)])
def test_fp32_is_not_rounded_to_tf32(precision: str, tf32: bool) -> None:
    """The flags of both libraries; the matrix product never is."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    try:
        set_matrix_precision(precision)
        after = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before

    assert after == (False, tf32)


def test_determinism_is_a_matter_of_cuda_alone() -> None:
    """A CPU has it anyhow, and deterministic kernels there may be others."""
    before = torch.backends.cudnn.benchmark, torch.get_deterministic_debug_mode()
    for deterministic in (True, False):
        set_determinism(torch.device("cpu"), deterministic)

    assert before == (torch.backends.cudnn.benchmark, torch.get_deterministic_debug_mode())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_device_computes_reproducibly_unless_told_otherwise() -> None:
    """In every library."""
    try:
        for deterministic in (False, True):
            set_determinism(torch.device("cuda"), deterministic)
            assert torch.backends.cudnn.deterministic is deterministic
            assert torch.backends.cudnn.benchmark is not deterministic
            assert torch.are_deterministic_algorithms_enabled() is deterministic
    finally:
        torch.set_deterministic_debug_mode("default")


def test_reproducible_bytes_are_the_default_of_the_command() -> None:
    """And there is a way out."""
    parser = ArgumentParser()
    add_determinism_argument(parser)

    assert parser.parse_args([]).deterministic is True
    assert parser.parse_args(["--no-deterministic"]).deterministic is False
