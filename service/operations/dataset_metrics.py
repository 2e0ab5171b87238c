"""The metrics of data sets: how many are open, how they end, what goes out in them.

Owns their names and labels. Knows no archives.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge


class DatasetOutcome(StrEnum):
    """The end of a data set: complete, or the reason why it was cut or refused."""

    COMPLETE = "complete"
    CLIENT_GONE = "client_gone"
    CLIENT_SLOW = "client_slow"
    SHUTDOWN = "shutdown"
    FAILED = "failed"
    REFUSED = "refused"


class DatasetMetrics:
    """Counters of data sets.

    Attributes:
        ended: number of data sets by `DatasetOutcome`.
        images: number of images that were sent in data sets.
        bytes: number of bytes that were sent in data sets.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.ended = Counter(
            "progan_datasets_total",
            f"Data sets, by outcome: {', '.join(DatasetOutcome)}.",
            ("outcome",),
            registry=registry,
        )
        self.images = Counter(
            "progan_dataset_images_total",
            "Images sent in data sets; those of all other answers are the rest of images_total.",
            ("model", "resolution"),
            registry=registry,
        )
        self.bytes = Counter(
            "progan_dataset_bytes_total", "Bytes sent in data sets.", registry=registry
        )
        for outcome in DatasetOutcome:  # alerts need series that exist from the start
            self.ended.labels(outcome)

    def watch(self, number_open: Callable[[], float]) -> None:
        """Read the number of open downloads at each scrape."""
        Gauge(
            "progan_datasets_open", "Data sets that are being downloaded.", registry=self._registry
        ).set_function(number_open)
