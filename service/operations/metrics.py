"""The metrics of the service, each for a decision of its operators.

Owns the names, labels and buckets of all metrics, in a registry of its own. Label values come from
closed sets: never a seed, a raw path or a client.

- Health:         requests by status, request duration, self-test, engine errors, heartbeat age
- Capacity:       queue depth, queue wait, queued work, refusals: add a replica or shed load
- Configuration:  batch size, batch and encode duration: set batch size, threads, formats
- Usage:          images by model and resolution; data sets (`dataset_metrics`)
- Credentials:    time at which their certificates expire
- Process:        process_*: memory, processor time, open files, start time
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.batching.batcher import Batcher
from service.batching.engine import KINDS as FAULT_KINDS
from service.batching.engine import kind_of
from service.batching.recipe import Recipe
from service.operations.dataset_metrics import DatasetMetrics
from service.operations.recent_counts import RecentCounts
from service.registry.catalogue import Catalogue

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ENCODE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
REASONS = ("queue_full", "rate_limit", "deadline", "cancelled", "draining")
RECENT_PICTURES = "pictures"
ORIGINS = ("proved", "likely", "claimed", "contradicted", "unknown")  # of `POST /verify`
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def name_of(pinned: str) -> str:
    """Return the name in `name@digest`: a label that stays if the digest changes."""
    return pinned.partition("@")[0]


class Metrics:
    """All metrics of one application; also the batcher's observer.

    Attributes:
        recent_pictures: computed pictures of the last minute, as `RECENT_PICTURES`.
        recent_refusals: refused requests of the last minute, by reason.
    """

    def __init__(self) -> None:
        self.recent_pictures = RecentCounts()
        self.recent_refusals = RecentCounts()
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # process_*: memory, files, start time

        def counter(name: str, help_text: str, *labels: str) -> Counter:
            return Counter(f"progan_{name}", help_text, labels, registry=registry)

        def histogram(
            name: str, help_text: str, buckets: Sequence[float], *labels: str
        ) -> Histogram:
            return Histogram(
                f"progan_{name}", help_text, labels, buckets=buckets, registry=registry
            )

        self.requests = counter("requests_total", "Requests answered.", "route", "method", "status")
        self.request_duration = histogram(
            "request_duration_seconds", "From request to last byte.", SECONDS, "route"
        )
        self.images = counter("images_total", "Images computed.", "model", "resolution")
        self.queue_wait = histogram(
            "queue_wait_seconds", "From admission of an image to the start of its batch.", SECONDS
        )
        self.batch_size = histogram("batch_size", "Images in a batch.", BATCH_SIZES)
        self.batch_duration = histogram(
            "batch_duration_seconds",
            "Computation of a batch, by its largest resolution.",
            SECONDS,
            "resolution",
        )
        self.encode_duration = histogram(
            "encode_duration_seconds", "Encoding of an answer.", ENCODE_SECONDS, "format"
        )
        self.refused = counter(
            "refused_total",
            f"Requests refused: {', '.join(REASONS)}.",
            "reason",
        )
        self.engine_errors = counter(
            "engine_errors_total", f"Batches that failed or hung: {', '.join(FAULT_KINDS)}.", "kind"
        )
        self.verifications = counter(
            "verifications_total", f"Files verified, by origin: {', '.join(ORIGINS)}.", "origin"
        )
        self.datasets = DatasetMetrics(registry)
        self.selftest_ok = Gauge(
            "progan_selftest_ok",
            "1 when no loaded picture depends on its batch and no bundle was refused.",
            registry=registry,
        )
        self.model_info = Gauge(
            "progan_model_info",
            "A loaded model.",
            ("model", "digest", "device", "precision"),
            registry=registry,
        )
        self._begin_series()

    def _begin_series(self) -> None:
        """Create the series of all known labels: alerts need those that exist from the start."""
        for origin in ORIGINS:
            self.verifications.labels(origin)
        for reason in REASONS:
            self.refused.labels(reason)
        for kind in FAULT_KINDS:
            self.engine_errors.labels(kind)

    # ------------------------------------------------------------------ the batcher's observer

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """Record a computed batch of one model."""
        largest = max(recipe.resolution for recipe in recipes)
        self.batch_size.observe(len(recipes))
        self.batch_duration.labels(largest).observe(took_s)
        for wait in waits_s:
            self.queue_wait.observe(wait)
        for resolution, count in Tally(recipe.resolution for recipe in recipes).items():
            self.images.labels(name_of(recipes[0].model), resolution).inc(count)
        self.recent_pictures.add(RECENT_PICTURES, len(recipes))

    def batch_failed(self, error: Exception) -> None:
        """Record an error of the engine."""
        self.engine_errors.labels(kind_of(error)).inc()

    def engine_hung(self) -> None:
        """Record a batch that takes far longer than predicted."""
        self.engine_errors.labels("hang").inc()

    def request_refused(self, reason: str) -> None:
        """Record a request that was refused for one of `REASONS`."""
        self.refused.labels(reason).inc()
        self.recent_refusals.add(reason)

    # ------------------------------------------------------------------ at start

    def credentials_expire(self, expires_at: Callable[[], float]) -> None:
        """Read the time at which the chain of Content Credentials expires at each scrape."""
        Gauge(
            "progan_credentials_expiry_timestamp_seconds",
            "Unix time at which the certificates of Content Credentials expire.",
            registry=self.registry,
        ).set_function(expires_at)

    def watch(self, batcher: Batcher) -> None:
        """Read the queue's gauges from `batcher` at each scrape."""
        self._queue = QueueCollector(batcher)
        self.registry.register(self._queue)

    def loaded(self, catalogue: Catalogue) -> None:
        """Set the series of the models that are served now, and remove those of former models."""
        self._queue.models = list(catalogue.models)
        self.model_info.clear()
        for served in catalogue.models.values():
            for resolution in served.card.resolutions:
                self.images.labels(served.card.name, resolution)
                self.datasets.images.labels(served.card.name, resolution)
            self.model_info.labels(
                served.card.name,
                served.card.weights_sha256,
                served.mode.device,
                served.mode.precision,
            ).set(1)
        exact = all(served.mode.exact for served in catalogue.models.values())
        self.selftest_ok.set(exact and bool(catalogue.models) and not catalogue.refused)


class QueueCollector(Collector):
    """Gauges that are read from the batcher at each scrape."""

    def __init__(self, batcher: Batcher) -> None:
        self.models: list[str] = []
        self._batcher = batcher

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges with their current values."""
        depth = GaugeMetricFamily(
            "progan_queue_depth", "Images waiting for a batch.", labels=["model"]
        )
        depths: Tally[str] = Tally(dict.fromkeys(self.models, 0))
        for pinned, count in self._batcher.depths().items():
            depths[name_of(pinned)] += count
        for model, count in depths.items():
            depth.add_metric([model], count)
        yield depth
        yield GaugeMetricFamily(
            "progan_queued_work_seconds",
            "Predicted seconds until all that waits now is computed.",
            self._batcher.queued_work_s(),
        )
        yield GaugeMetricFamily(
            "progan_engine_heartbeat_age_seconds",
            "Since the engine's thread last showed that it lives; grows during a batch.",
            self._batcher.heartbeat_age_s,
        )
