"""Metrics as plain values, as processes and replicas send them to each other.

Owns their types. Knows neither where they come from nor how they are combined.
"""

from __future__ import annotations

import msgspec


class SampleSnapshot(msgspec.Struct, array_like=True, frozen=True):
    """One sample of a metric: its name, labels and value."""

    name: str
    labels: dict[str, str]
    value: float


class MetricSnapshot(msgspec.Struct, array_like=True, frozen=True):
    """One metric: name, help text, type as Prometheus has it, and samples."""

    name: str
    about: str
    kind: str
    samples: list[SampleSnapshot]
