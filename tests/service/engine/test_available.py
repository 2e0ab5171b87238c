"""Device and precision that the settings name: this machine has them, or the sentence says so."""

from __future__ import annotations

import pytest
import torch

from service.engine.available import require_available
from service.engine.device import DeviceError


@pytest.mark.parametrize(("device", "precision"), [(None, "auto"), ("cpu", "fp32")])
def test_every_machine_can_compute_on_its_processor(device: str | None, precision: str) -> None:
    """In single precision, and in what is chosen for it."""
    require_available(device, precision, torch.get_num_threads())


@pytest.mark.parametrize("device", ["cuda:99", "meta", "gpu"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    """With what to use."""
    with pytest.raises(DeviceError, match=f"{device}.*use cpu"):
        require_available(device, "auto", torch.get_num_threads())


def test_bf16_is_refused_where_the_compiler_cannot_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And taken where it can."""
    monkeypatch.setattr("service.engine.available._has_bf16", lambda _: True)
    require_available("cpu", "bf16", torch.get_num_threads())
    monkeypatch.setattr("service.engine.available._has_bf16", lambda _: False)
    with pytest.raises(DeviceError, match="use auto or fp32"):
        require_available("cpu", "bf16", torch.get_num_threads())
