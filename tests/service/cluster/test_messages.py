"""Messages between replicas and their shared state, as bytes."""

from __future__ import annotations

import msgspec
import pytest

from service.cluster.messages import BeatAnswer, MetricsAnswer, ReplicaBeat, Verdict
from service.errors import RateExceeded
from service.operations.metric_snapshots import MetricSnapshot, SampleSnapshot
from service.refusal import refusal_of

METRIC = MetricSnapshot("a", "about", "counter", [SampleSnapshot("a_total", {"b": "c"}, 1.0)])
MESSAGES = [
    ReplicaBeat([METRIC], {"deadline": 2}, {"tiny@0": ["AVX2", "fp32"]}),
    BeatAnswer(3, ["tiny@0"], "other pictures"),
    MetricsAnswer([METRIC], {}),
    Verdict(refusal_of(RateExceeded("too many", retry_after_s=7))),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_a_message_survives_its_bytes_and_others_are_refused(message: object) -> None:
    """Bytes of another form raise an error, and nothing of them is run."""
    written = msgspec.msgpack.encode(message)

    assert msgspec.msgpack.decode(written, type=type(message)) == message
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode("other"), type=type(message))
