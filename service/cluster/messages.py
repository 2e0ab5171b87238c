"""Messages between replicas and the state that they share, and their form as bytes.

Owns their types. They are MessagePack, checked against these types when they are read: no object
of ours is pickled. Knows no Ray.
"""

from __future__ import annotations

import msgspec

from service.operations.metric_snapshots import MetricSnapshot
from service.refusal import Refusal


class ReplicaBeat(msgspec.Struct, array_like=True, frozen=True):
    """A replica lives, with its present state; sent once a second.

    Attributes:
        metrics, refusals: its metrics, and its recent refusals by reason.
        models: `picture_facts` of each model that it serves, by pinned name.
    """

    metrics: list[MetricSnapshot]
    refusals: dict[str, int]
    models: dict[str, list[str]]


class BeatAnswer(msgspec.Struct, array_like=True, frozen=True):
    """The answer to a beat.

    Attributes:
        scans: number of times that all replicas were told to read every bundle again.
        models: pinned names of the models that any replica serves.
        fault: the difference between the pictures of this replica and those of the first one.
    """

    scans: int
    models: list[str]
    fault: str | None = None


class MetricsAnswer(msgspec.Struct, array_like=True, frozen=True):
    """The metrics of all replicas, and their recent refusals by reason."""

    metrics: list[MetricSnapshot]
    refusals: dict[str, int]


class Verdict(msgspec.Struct, array_like=True, frozen=True):
    """The answer to a question: with a refusal it was refused."""

    refusal: Refusal | None = None
