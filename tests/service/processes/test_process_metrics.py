"""The metrics of the tree: there from the start, and read when they are asked for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from service.processes.process_metrics import ProcessMetrics


def test_restarts_of_both_kinds_begin_at_zero_and_ready_processes_are_read_at_each_scrape() -> None:
    """A counter that appears at 1 has never increased for Prometheus."""
    registry, ready = CollectorRegistry(), {"engine": 0, "front": 2}
    metrics = ProcessMetrics(registry, lambda kind: ready[kind])
    before = generate_latest(registry).decode()
    ready["engine"] = 1
    metrics.restarts.labels("engine").inc()
    after = generate_latest(registry).decode()

    assert 'progan_process_restarts_total{kind="engine"} 0.0' in before
    assert 'progan_process_restarts_total{kind="front"} 0.0' in before
    assert 'progan_processes{kind="engine"} 0.0' in before
    assert 'progan_processes{kind="front"} 2.0' in before
    assert 'progan_process_restarts_total{kind="engine"} 1.0' in after
    assert 'progan_processes{kind="engine"} 1.0' in after
