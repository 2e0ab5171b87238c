"""The number of replicas, by the predicted seconds of work that they have queued.

Owns the policy that Ray Serve's autoscaler asks. Minimum, maximum and delays are Ray's. Knows
neither settings nor replicas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Protocol


class QueuedWork(Protocol):
    """The part of Ray's `AutoscalingContext` that the policy reads.

    Attributes:
        current_num_replicas: number of replicas that run.
        aggregated_metrics: by the name of a metric, its mean of each replica over the last seconds.
    """

    @property
    def current_num_replicas(self) -> int: ...  # noqa: D102 - Ray's name

    @property
    def aggregated_metrics(self) -> Any: ...  # noqa: ANN401, D102 - keys are Ray's own types


def replicas_for(queued_s: Iterable[float], target_s: float) -> int:
    """The number of replicas with which each has at most `target_s` seconds of work queued."""
    return max(1, math.ceil(sum(queued_s) / target_s))


class QueuedWorkPolicy:
    """An autoscaling policy of Ray Serve.

    Args:
        metric: name of the metric that each replica records.
        target_s: seconds of queued work that a replica should have at most.
    """

    def __init__(self, metric: str, target_s: float) -> None:
        self._metric = metric
        self._target_s = target_s

    def __call__(self, context: QueuedWork) -> tuple[int, dict[str, Any]]:
        """The wanted number of replicas, and no state of the policy."""
        metrics: dict[str, dict[Any, float]] = context.aggregated_metrics or {}
        recorded = metrics.get(self._metric, {})
        if not recorded:  # nothing is known yet
            return max(1, context.current_num_replicas), {}
        return replicas_for(recorded.values(), self._target_s), {}
