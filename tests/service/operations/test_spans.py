"""Spans: what a trace shows of a request, and that nobody pays who does not look."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.datastructures import Headers

from service.batching.queue import Rendered
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.operations.spans import (
    Spans,
    is_untraced,
    set_request_attributes,
    set_service_name,
    trace_id_of,
)
from service.pipeline import ImagePipeline
from service.settings import Settings
from tests.service.painter import Painter, local

PIXELS = np.zeros((4, 4, 3), np.uint8)
RECIPES = [Recipe("m@1", point_of(seed), resolution) for seed, resolution in ((1, 64), (2, 32))]


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Keeps what was recorded."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    """A provider of this test alone."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def seconds(span: ReadableSpan) -> float:
    """How long a span lasted."""
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def test_each_batch_of_a_request_is_a_span_after_its_wait(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """Two images that went together share one, and a third has its own."""
    images = [
        Rendered(PIXELS, 0.25, 0.5, 8, 100.0),
        Rendered(PIXELS, 0.125, 0.5, 8, 100.0),
        Rendered(PIXELS, 1.0, 2.0, 1, 101.0),
    ]
    with provider.get_tracer("test").start_as_current_span("request") as request:
        Spans(provider).rendered([*RECIPES, RECIPES[0]], images)
    queue, generate, later_queue, later = exporter.get_finished_spans()[:4]

    assert [span.name for span in (queue, generate, later)] == ["queue", "generate", "generate"]
    assert generate.attributes == {
        "progan.model": "m@1",
        "progan.images": 2,
        "progan.batch_size": 8,
        "progan.resolutions": (32, 64),
    }
    assert [round(seconds(span), 6) for span in (queue, generate, later_queue, later)] == [
        0.25,
        0.5,
        1.0,
        2.0,
    ]
    assert queue.end_time == generate.start_time
    assert generate.parent == request.get_span_context()


def test_encoding_is_a_span_that_has_just_ended(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """Under the request."""
    with provider.get_tracer("test").start_as_current_span("request") as request:
        Spans(provider).encoded("webp", 0.125)
    encode, _ = exporter.get_finished_spans()

    assert (encode.name, encode.attributes) == ("encode", {"progan.format": "webp"})
    assert seconds(encode) == pytest.approx(0.125, abs=1e-3)
    assert encode.parent == request.get_span_context()


def test_outside_of_a_recorded_request_nothing_is_made(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """No trace, or one that was not sampled."""
    spans = Spans(provider)
    spans.rendered(RECIPES, [Rendered(PIXELS, 0.1, 0.5, 2, 1.0)] * 2)
    spans.encoded("png", 0.1)
    set_request_attributes(lambda: {"seed": "7"})

    assert exporter.get_finished_spans() == ()


@pytest.mark.anyio
async def test_a_studio_tells_all_it_does(
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    painter: Painter,
    settings: Settings,
) -> None:
    """Of an image that was really made."""
    runtime = ServiceRuntime(settings, painter.open)
    runtime.start()
    studio = ImagePipeline(
        settings,
        runtime.renderer,
        runtime.metrics,
        1,
        spans=Spans(provider),
    )
    recipe = Recipe(painter.cards[0].pinned_name, point_of(7), 32)
    with provider.get_tracer("test").start_as_current_span("request"):
        while local(runtime).is_loading:
            await asyncio.sleep(0.001)
        await studio.render([recipe])
        await studio.run_on_encoder("png", lambda: None)
    await runtime.stop()
    studio.close()

    told = [span.name for span in exporter.get_finished_spans()]
    assert told == ["queue", "generate", "encode", "request"]


def test_facts_of_the_log_are_attributes_of_the_request(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """Under the project's own name."""
    with provider.get_tracer("test").start_as_current_span("request"):
        set_request_attributes(lambda: {"seed": "7", "batch_size": 4})
    (span,) = exporter.get_finished_spans()

    assert span.attributes == {"progan.seed": "7", "progan.batch_size": 4}


def test_a_request_belongs_to_its_own_trace_first(provider: TracerProvider) -> None:
    """What the header says it has honoured already."""
    with provider.get_tracer("test").start_as_current_span("request") as span:
        assert trace_id_of(Headers()) == f"{span.get_span_context().trace_id:032x}"
    assert trace_id_of(Headers()) is None


@pytest.mark.parametrize(
    ("path", "untraced"),
    [("/health/ready", True), ("/metrics", True), ("/images/7", False), ("/generate", False)],
)
def test_what_is_asked_every_few_seconds_is_not_traced(path: str, untraced: bool) -> None:
    """It would bury the rest."""
    assert is_untraced({"path": path}) is untraced


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "progan"),
        ({"OTEL_SERVICE_NAME": "faces"}, "faces"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=faces"}, None),
    ],
)
def test_the_service_is_named_where_nobody_named_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str | None
) -> None:
    """OTEL_SERVICE_NAME would override the resource's attribute."""
    known = dict(environment)
    monkeypatch.setattr("os.environ", known)
    set_service_name()

    assert known.get("OTEL_SERVICE_NAME") == name


def test_without_an_endpoint_the_sdk_is_not_imported() -> None:
    """Neither by importing the application nor by starting it."""
    script = """
import sys
from fastapi.testclient import TestClient
from service.app import create_app
from service.settings import Settings
with TestClient(create_app(Settings(bundles="nowhere"))) as client:
    assert client.get("/health/live").status_code == 200
sys.exit(any(n.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for n in sys.modules))
"""
    root = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", script], cwd=root, env={}, check=False)

    assert run.returncode == 0
