"""Messages of control: each arrives as it was sent, in the direction it is for."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest

from service.operations.metric_snapshots import MetricSnapshot, SampleSnapshot
from service.processes.control_messages import (
    AllMetrics,
    Control,
    FromSupervisor,
    Granted,
    MetricsSnapshot,
    ProcessBeat,
    TakeRequest,
    ToSupervisor,
)

METRICS = [MetricSnapshot("m", "about", "gauge", [SampleSnapshot("m", {"a": "b"}, 0.1)])]


@pytest.mark.parametrize(
    "message",
    [ProcessBeat(True), TakeRequest(1, b"\0\xff", "::1"), MetricsSnapshot(METRICS, {"a": 1})],
)
def test_a_process_is_understood(message: Control) -> None:
    """Keys are bytes."""
    decoder = msgspec.msgpack.Decoder(cast("type[ToSupervisor]", ToSupervisor))

    assert decoder.decode(msgspec.msgpack.encode(message)) == message


@pytest.mark.parametrize("message", [Granted(1), AllMetrics(2, METRICS, {})])
def test_the_supervisor_is_understood(message: Control) -> None:
    """And no process takes its messages for those of another process."""
    decoder = msgspec.msgpack.Decoder(cast("type[FromSupervisor]", FromSupervisor))
    encoded = msgspec.msgpack.encode(message)

    assert decoder.decode(encoded) == message
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(encoded, type=ToSupervisor)
