"""The number of replicas for the work that is queued."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from service.cluster.scaling import QueuedWorkPolicy, replicas_for


@dataclass
class Context:
    """As Ray gives it, as far as it is read."""

    current_num_replicas: int = 2
    aggregated_metrics: dict[str, dict[str, float]] | None = field(default_factory=dict)


@pytest.mark.parametrize(
    ("queued_s", "number"), [([], 1), ([0.0, 0.0], 1), ([1.0], 1), ([1.1], 2), ([3.0, 2.5], 6)]
)
def test_each_replica_has_the_target_at_most(queued_s: list[float], number: int) -> None:
    """Work is added over all replicas; there is always one."""
    assert replicas_for(queued_s, 1.0) == number


def test_the_policy_reads_its_metric_and_keeps_the_number_without_one() -> None:
    """A start of the controller must not end replicas that it has not heard yet."""
    policy = QueuedWorkPolicy("queued_s", target_s=2.0)

    assert policy(Context(aggregated_metrics={"queued_s": {"a": 5.0, "b": 2.0}})) == (4, {})
    assert policy(Context(aggregated_metrics={"other": {"a": 5.0}})) == (2, {})
    assert policy(Context(aggregated_metrics=None)) == (2, {})
