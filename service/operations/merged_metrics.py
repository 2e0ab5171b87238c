"""The metrics of several processes as one: what one scrape of the service tells.

Owns the rule for each metric. Counters and histograms are added, also those of processes that have
ended, so that no counter falls. Gauges are those of the engines, each combined as its meaning
demands; the metrics of a process (`process_*`) get a label with its name. Knows no process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from service.operations.metric_snapshots import MetricSnapshot, SampleSnapshot

ADDED: Final = ("counter", "histogram")
OF_PROCESS: Final = "process_"
PROCESS_LABEL: Final = "process"
SUPERVISOR: Final = "supervisor"

Combine = Callable[[float, float], float]

ENGINE_GAUGES: Final[dict[str, Combine]] = {
    "progan_queue_depth": lambda a, b: a + b,
    "progan_queued_work_seconds": max,
    "progan_engine_heartbeat_age_seconds": max,
    "progan_selftest_ok": min,
    "progan_model_info": max,
}
FRONT_GAUGES: Final[dict[str, Combine]] = {
    "progan_datasets_open": lambda a, b: a + b,
    "progan_credentials_expiry_timestamp_seconds": min,
}


def snapshot_of(registry: CollectorRegistry) -> list[MetricSnapshot]:
    """The present values of all metrics of this process."""
    return [
        MetricSnapshot(
            metric.name,
            metric.documentation,
            metric.type,
            [SampleSnapshot(s.name, dict(s.labels), float(s.value)) for s in metric.samples],
        )
        for metric in registry.collect()
    ]


def counters_in(metrics: Iterable[MetricSnapshot]) -> list[MetricSnapshot]:
    """Those metrics of a process that has ended that stay: counters and histograms."""
    return [
        metric
        for metric in metrics
        if metric.kind in ADDED and not metric.name.startswith(OF_PROCESS)
    ]


def merged(
    engines: Mapping[str, Sequence[MetricSnapshot]],
    fronts: Mapping[str, Sequence[MetricSnapshot]],
    supervisor: Sequence[MetricSnapshot] = (),
    ended: Sequence[MetricSnapshot] = (),
) -> list[MetricSnapshot]:
    """Combine the metrics of all processes.

    Args:
        engines: metrics of each engine process, by its name.
        fronts: metrics of each front-end process, by its name.
        supervisor: metrics of the supervisor.
        ended: counters and histograms of processes that have ended.
    """
    result = MetricSums()
    result.add_all(ended)
    own = dict.fromkeys((metric.name for metric in supervisor), max)
    groups = ((ENGINE_GAUGES, engines), (FRONT_GAUGES, fronts), (own, {SUPERVISOR: supervisor}))
    for gauges, processes in groups:
        for name, metrics in processes.items():
            _add_process(result, gauges, name, metrics)
    return result.snapshots()


def merged_replicas(
    replicas: Mapping[str, Sequence[MetricSnapshot]], ended: Sequence[MetricSnapshot]
) -> list[MetricSnapshot]:
    """Combine the metrics of replicas, each of which is front end and engine in one process.

    Args:
        replicas: metrics of each replica, by its name.
        ended: counters and histograms of replicas that have ended.
    """
    result = MetricSums()
    result.add_all(ended)
    for name, metrics in replicas.items():
        _add_process(result, ENGINE_GAUGES | FRONT_GAUGES, name, metrics)
    return result.snapshots()


class MetricSums:
    """Metrics to which further values are added, in the order in which they were met."""

    def __init__(self) -> None:
        self._about: dict[str, MetricSnapshot] = {}
        self._values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}

    def add_all(self, metrics: Iterable[MetricSnapshot]) -> None:
        """Add counters and histograms."""
        for metric in metrics:
            self.add(metric, lambda a, b: a + b)

    def add(self, metric: MetricSnapshot, combine: Combine) -> None:
        """Combine a metric with what was added before."""
        self._about.setdefault(metric.name, metric)
        values = self._values.setdefault(metric.name, {})
        for sample in metric.samples:
            key = (sample.name, tuple(sample.labels.items()))
            is_created = sample.name.endswith("_created")
            with_it = min if is_created else combine
            values[key] = with_it(values[key], sample.value) if key in values else sample.value

    def snapshots(self) -> list[MetricSnapshot]:
        """All metrics."""
        return [
            MetricSnapshot(
                name,
                about.about,
                about.kind,
                [
                    SampleSnapshot(sample, dict(labels), value)
                    for (sample, labels), value in self._values[name].items()
                ],
            )
            for name, about in self._about.items()
        ]


class SnapshotCollector(Collector):
    """Metrics that were collected elsewhere, for the encoders of Prometheus."""

    def __init__(self, metrics: Sequence[MetricSnapshot]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        for each in self._metrics:
            metric = Metric(each.name, each.about, each.kind)
            metric.samples = [Sample(s.name, s.labels, s.value) for s in each.samples]
            yield metric


def _add_process(
    result: MetricSums,
    gauges: Mapping[str, Combine],
    name: str,
    metrics: Sequence[MetricSnapshot],
) -> None:
    for metric in metrics:
        if metric.name.startswith(OF_PROCESS):
            result.add(_labelled(metric, name), max)
        elif metric.kind in ADDED:
            result.add(metric, lambda a, b: a + b)
        elif metric.name in gauges:
            result.add(metric, gauges[metric.name])


def _labelled(metric: MetricSnapshot, process: str) -> MetricSnapshot:
    samples = [
        SampleSnapshot(s.name, {**s.labels, PROCESS_LABEL: process}, s.value)
        for s in metric.samples
    ]
    return MetricSnapshot(metric.name, metric.about, metric.kind, samples)
