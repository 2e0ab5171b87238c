"""Metrics as plain values."""

from __future__ import annotations

import msgspec
import pytest

from service.operations.metric_snapshots import MetricSnapshot, SampleSnapshot


def test_a_metric_survives_its_bytes() -> None:
    """Infinity too, the last bucket of each histogram; another form is refused."""
    metric = MetricSnapshot("a", "b", "histogram", [SampleSnapshot("c", {"le": "+Inf"}, 1e308)])
    written = msgspec.msgpack.encode(metric)

    assert msgspec.msgpack.decode(written, type=MetricSnapshot) == metric
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(["a", "b"]), type=MetricSnapshot)
