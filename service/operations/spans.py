"""Spans inside a request, in addition to FastAPI's own: waiting, computing, encoding.

Owns their names and attributes, and the tracing configuration of FastAPI. FastAPI honours
`traceparent` and exports by OTLP if `OTEL_EXPORTER_OTLP_ENDPOINT` or a similar variable is set;
without it the SDK is never imported and nothing is recorded. Knows no engine; the times are
measured by the batcher.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.batching.queue import Rendered
from service.batching.recipe import Recipe

SERVICE_NAME = "progan"
UNTRACED = ("/health/", "/metrics")  # requested every few seconds, and always the same


def set_service_name() -> None:
    """Set the service name if the environment has none; call it before the first span."""
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)


def is_untraced(scope: MutableMapping[str, Any]) -> bool:
    """True if a request is excluded from traces."""
    return str(scope.get("path", "")).startswith(UNTRACED)


def telemetry() -> TelemetryConfig:
    """Return FastAPI's configuration: one span per request, exported as `OTEL_*` variables set."""
    return {
        "auto_configure": True,
        "metrics": False,  # Prometheus scrapes our metrics
        "logs": False,
        "operation_spans": False,
        "exclude": is_untraced,
    }


def trace_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the trace id of a request: that of its span, else that of its `traceparent`."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid and "traceparent" in headers:
        carrier = {"traceparent": headers["traceparent"]}
        parent = TraceContextTextMapPropagator().extract(carrier)
        context = trace.get_current_span(parent).get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def set_request_attributes(facts: Callable[[], Mapping[str, Any]]) -> None:
    """Set the facts of the log line as attributes of the request's span, if it is recorded."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes({f"progan.{name}": value for name, value in facts().items()})


class Spans:
    """Records the spans inside a request; costs nothing if nothing is recorded.

    Args:
        provider: provider that gets the spans; None for the global one, as soon as it is set.
    """

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer(SERVICE_NAME, tracer_provider=provider)

    def rendered(self, recipes: Sequence[Recipe], images: Sequence[Rendered]) -> None:
        """Record the waiting and the computation of each batch that contained some of `images`."""
        if not trace.get_current_span().is_recording():
            return
        since_epoch_s = time.time() - time.monotonic()
        for parts in _by_batch(recipes, images):
            first = parts[0][1]
            began = first.began_at + since_epoch_s
            admitted = began - max(image.queue_s for _, image in parts)
            self._record("queue", admitted, began, {"progan.images": len(parts)})
            resolutions = sorted({recipe.resolution for recipe, _ in parts})
            batch = {
                "progan.model": parts[0][0].model,
                "progan.images": len(parts),
                "progan.batch_size": first.batch_size,
                "progan.resolutions": resolutions,
            }
            self._record("generate", began, began + first.generate_s, batch)

    def encoded(self, name: str, took_s: float) -> None:
        """Record an encoding in the format `name` that took `took_s` seconds until now."""
        if trace.get_current_span().is_recording():
            now = time.time()
            self._record("encode", now - took_s, now, {"progan.format": name})

    def _record(
        self, name: str, began_s: float, ended_s: float, attributes: dict[str, Any]
    ) -> None:
        span = self._tracer.start_span(
            name, attributes=attributes, start_time=_nanoseconds(began_s)
        )
        span.end(_nanoseconds(ended_s))


def _by_batch(
    recipes: Sequence[Recipe], images: Sequence[Rendered]
) -> Iterator[list[tuple[Recipe, Rendered]]]:
    batches: dict[float, list[tuple[Recipe, Rendered]]] = {}
    for recipe, image in zip(recipes, images, strict=True):
        batches.setdefault(image.began_at, []).append((recipe, image))
    yield from batches.values()


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
