"""Metrics of data sets: there from the start, read at each scrape."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from service.operations.dataset_metrics import DatasetMetrics, DatasetOutcome


def test_every_outcome_is_counted_from_the_start() -> None:
    """Alerts need series that exist."""
    registry = CollectorRegistry()
    metrics = DatasetMetrics(registry)
    metrics.ended.labels(DatasetOutcome.FAILED).inc()
    told = generate_latest(registry).decode()

    for outcome in DatasetOutcome:
        count = float(outcome is DatasetOutcome.FAILED)
        assert f'progan_datasets_total{{outcome="{outcome.value}"}} {count}' in told


def test_open_downloads_are_read_at_each_scrape() -> None:
    """There is no count to keep in step."""
    registry, open_downloads = CollectorRegistry(), [object()]
    DatasetMetrics(registry).watch(open_downloads.__len__)
    assert "progan_datasets_open 1.0" in generate_latest(registry).decode()
    open_downloads.clear()

    assert "progan_datasets_open 0.0" in generate_latest(registry).decode()
