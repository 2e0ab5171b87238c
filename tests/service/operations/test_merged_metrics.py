"""Metrics of several processes as one: no counter falls, each gauge keeps its meaning."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.operations.merged_metrics import (
    SnapshotCollector,
    counters_in,
    merged,
    merged_replicas,
    snapshot_of,
)
from service.operations.metric_snapshots import MetricSnapshot
from service.operations.metrics import Metrics


def values_of(metrics: list[MetricSnapshot]) -> dict[str, float]:
    """The samples of a scrape, as Prometheus reads them."""
    text = generate_latest(SnapshotCollector(metrics)).decode()
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_front(requests: int, seconds: float) -> list[MetricSnapshot]:
    """A front end that answered some requests."""
    metrics = Metrics()
    metrics.requests.labels("/images/{seed}", "GET", 200).inc(requests)
    metrics.request_duration.labels("/images/{seed}").observe(seconds)
    return snapshot_of(metrics.registry)


def of_engine(selftest: int) -> list[MetricSnapshot]:
    """An engine that rendered a picture."""
    metrics = Metrics()
    metrics.images.labels("m", 32).inc()
    metrics.selftest_ok.set(selftest)
    return snapshot_of(metrics.registry)


def test_one_process_is_told_as_it_is() -> None:
    """Apart from the label of its process metrics."""
    one = of_front(3, 0.1)
    told = values_of(merged({}, {"front-0": one}))
    alone = {key: v for key, v in values_of(one).items() if "process_" not in key}

    gauges = ("progan_selftest_ok", "progan_model_info")
    assert {k: v for k, v in alone.items() if not k.startswith(gauges)}.items() <= told.items()
    assert "process_resident_memory_bytes[('process', 'front-0')]" in told


def test_counters_are_added_and_stay_when_a_process_ends() -> None:
    """A rate over them never sees a fall."""
    one, two = of_front(3, 0.1), of_front(5, 3.0)
    both = values_of(merged({}, {"front-0": one, "front-1": two}))
    later = values_of(merged({}, {"front-0": one}, ended=counters_in(two)))
    key = "progan_requests_total[('method', 'GET'), ('route', '/images/{seed}'), ('status', '200')]"
    bucket = "progan_request_duration_seconds_bucket[('le', '0.25'), ('route', '/images/{seed}')]"

    for told in (both, later):
        assert (told[key], told[bucket]) == (8, 1)
    assert "process_resident_memory_bytes[('process', 'front-1')]" not in later


def test_gauges_are_those_of_engines_and_the_worst_one_is_told() -> None:
    """A front end has none of its own to tell."""
    engines = {"engine-0": of_engine(1), "engine-1": of_engine(0)}
    fronts = {"front-0": of_front(1, 0.1)}

    assert values_of(merged(engines, fronts))["progan_selftest_ok[]"] == 0
    engines["engine-1"] = of_engine(1)
    told = values_of(merged(engines, fronts))
    assert told["progan_selftest_ok[]"] == 1
    assert told["progan_images_total[('model', 'm'), ('resolution', '32')]"] == 2


def test_replicas_are_front_end_and_engine_in_one_and_counted_once() -> None:
    """Gauges of both kinds are told, counters are not doubled."""
    told = values_of(
        merged_replicas({"a": of_engine(1), "b": of_engine(0)}, counters_in(of_engine(1)))
    )

    assert told["progan_images_total[('model', 'm'), ('resolution', '32')]"] == 3
    assert told["progan_selftest_ok[]"] == 0
    assert "process_resident_memory_bytes[('process', 'b')]" in told
