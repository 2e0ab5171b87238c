"""Which device is opened, and what is said when it cannot be."""

from __future__ import annotations

import pytest
import torch

from service.engine.device import (
    DeviceError,
    Target,
    device_precision,
    libraries_of,
    open_device,
    processor_of,
    to_device,
    to_host,
)


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
    """Library and instruction set."""
    target = Target(torch.device("cpu"), 3, "fp32")

    assert torch.__version__ in libraries_of(target)
    assert processor_of(target) == torch.backends.cpu.get_cpu_capability()


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx512_bf16": True, "amx_bf16": True, "amx_tile": True}, "bf16"),
        ({"avx512_bf16": True, "avx512_fp16": True, "amx_bf16": False}, "fp32"),
        ({"cpu_name": "amx_bf16"}, "fp32"),
        ({}, "fp32"),
    ],
    ids=["matrix units", "vector units alone", "only in name", "another architecture"],
)
def test_a_cpu_computes_in_bf16_only_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object], precision: str
) -> None:
    """By the kind of processor, so that a restart cannot choose otherwise."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)

    assert precision == device_precision("auto", torch.device("cpu"))
    assert device_precision("fp32", torch.device("cpu")) == "fp32"
    assert device_precision("bf16", torch.device("cpu")) == "bf16"


def test_cuda_computes_in_fp32_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the CPU beside it has does not count."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})

    assert device_precision("auto", torch.device("cuda", 0)) == "fp32"


def test_on_the_cpu_nothing_is_copied() -> None:
    """Neither on the way in nor on the way out."""
    latents = torch.zeros(2, 3)

    assert to_device(latents, torch.device("cpu")) is latents
    assert to_host([latents])[0].ctypes.data == latents.data_ptr()
    assert to_host([]) == []
