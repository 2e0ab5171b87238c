"""Metrics of the process tree itself: processes that are ready, and those started again.

Owns their names and labels. Knows no process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from service.processes.tree_state import ENGINE, FRONT


class ProcessMetrics:
    """The metrics of one process tree.

    Args:
        registry: receives them.
        number_ready: number of ready processes of a kind, read at each scrape.

    Attributes:
        restarts: counts processes that ended and were started again, by kind.
    """

    def __init__(self, registry: CollectorRegistry, number_ready: Callable[[str], int]) -> None:
        self.restarts = Counter(
            "progan_process_restarts_total",
            "Processes that ended and were started again.",
            ("kind",),
            registry=registry,
        )
        ready = Gauge("progan_processes", "Processes that are ready.", ("kind",), registry=registry)
        for kind in (ENGINE, FRONT):
            self.restarts.labels(kind)
            ready.labels(kind).set_function(partial(number_ready, kind))
