"""Which device is opened, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from service.engine.device import (
    DeviceError,
    Target,
    libraries_of,
    open_device,
    precision_for,
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
    """Library, threads, instruction set."""
    told = libraries_of(Target(torch.device("cpu"), 3, "fp32"))

    assert torch.__version__ in told
    assert "threads 3" in told


@pytest.mark.parametrize(
    ("facts", "precision"),
    [
        ("flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", "bf16"),
        ("flags\t\t: fpu avx512_bf16 avx512_fp16\n", "fp32"),
        ("model name\t: amx_bf16\n", "fp32"),
        (None, "fp32"),
    ],
    ids=["matrix units", "vector units alone", "only in name", "not Linux"],
)
def test_a_cpu_computes_in_bf16_only_where_that_is_faster(
    tmp_path: Path, facts: str | None, precision: str
) -> None:
    """By the kind of processor, so that a restart cannot choose otherwise."""
    path = tmp_path / "cpuinfo"
    if facts is not None:
        path.write_text(f"processor\t: 0\n{facts}")

    assert precision == precision_for("auto", torch.device("cpu"), path)
    assert precision_for("fp32", torch.device("cpu"), path) == "fp32"
    assert precision_for("bf16", torch.device("cpu"), path) == "bf16"


def test_cuda_computes_in_fp32_unless_told_otherwise(tmp_path: Path) -> None:
    """What the CPU beside it has does not count."""
    path = tmp_path / "cpuinfo"
    path.write_text("flags : amx_bf16\n")

    assert precision_for("auto", torch.device("cuda", 0), path) == "fp32"


def test_on_the_cpu_nothing_is_copied() -> None:
    """Neither on the way in nor on the way out."""
    latents = torch.zeros(2, 3)

    assert to_device(latents, torch.device("cpu")) is latents
    assert to_host([latents])[0].ctypes.data == latents.data_ptr()
    assert to_host([]) == []
