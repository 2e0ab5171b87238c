"""The fastest form that there is, and a slower one where it cannot be had."""

from __future__ import annotations

import logging
import sys

import pytest
import torch
from torch import nn

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from service.engine.backends.select import select_backend
from service.engine.device import Target

TARGET = Target(torch.device("cpu"), 1, "fp32")


def generator(classes: int = 0) -> Generator:
    """A tiny network."""
    config = ProganConfig(16, 3, 16, 128, 16, classes)
    return Generator(config).eval().requires_grad_(False)


@pytest.mark.parametrize("classes", [0, 3])
def test_a_cpu_gets_the_compiled_form(caplog: pytest.LogCaptureFixture, classes: int) -> None:
    """Without a word in the log; also with classes, where the stem takes twice as much."""
    form = select_backend(generator(classes), TARGET)

    assert form.engine.startswith("openvino 20")
    assert not caplog.records


def test_a_network_that_cannot_be_compiled_runs_in_plain_torch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the log says why."""
    network = generator()
    network.exits[1] = nn.Softmax(dim=1)
    with caplog.at_level(logging.WARNING):
        form = select_backend(network, TARGET)

    assert ("eager", "fp32", 3) == (form.engine, form.precision, len(form.ways))
    assert "not compiled, so slower and in fp32: softmax is not known" in caplog.text


def test_without_the_compiler_the_service_runs_in_plain_torch(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no wheel of it for every machine."""
    for name in ("service.engine.backends.openvino", "service.engine.backends.openvino_graph"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with caplog.at_level(logging.WARNING):
        form = select_backend(generator(), TARGET)

    assert form.engine == "eager"
    assert "openvino" in caplog.text
