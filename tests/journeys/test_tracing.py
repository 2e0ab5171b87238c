"""A real service that exports its traces to a real receiver of OTLP over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.http_listener import listening
from tests.journeys.server import ready_server

pytestmark = pytest.mark.timeout(900)

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"


class Receiver(ThreadingHTTPServer):
    """Takes spans at `/v1/traces` and keeps them.

    Attributes:
        spans: all that came.
        names: of the services they came from.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.names: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output quiet."""

        super().__init__(("127.0.0.1", 0), Handler)

    def take(self, path: str, body: bytes) -> None:
        """Keep what one export brought."""
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.names.add(told["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    with listening(Receiver()) as receiver:
        yield receiver


@pytest.mark.slow
def test_a_request_is_one_trace_from_its_client_to_its_batch(
    bundles: Path, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the trace that `traceparent` names, on the log line too; exported before the end."""
    endpoint = f"http://127.0.0.1:{receiver.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    parent = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
    with ready_server(bundles, tmp_path / "log") as server:
        answer = server.client.get("/images/7?resolution=16", headers=parent)
        server.client.get("/health/ready", headers=parent)
    lines = [json.loads(line) for line in server.text.splitlines() if '"request"' in line]
    (line,) = [each for each in lines if each.get("route", "").startswith("/images")]
    spans = {span.name: span for span in receiver.spans}

    assert answer.status_code == 200
    assert receiver.names == {"progan"}
    assert len(receiver.spans) == len(spans)
    assert {span.trace_id.hex() for span in receiver.spans} == {TRACE_ID} == {line["trace_id"]}
    request = spans.pop("GET /images/{seed}")
    assert request.parent_span_id.hex() == PARENT_ID
    assert spans.keys() == {"queue", "generate", "encode"}
    assert {span.parent_span_id for span in spans.values()} == {request.span_id}
    told = {each.key: each.value.int_value for each in spans["generate"].attributes}
    assert told["progan.batch_size"] == line["batch_size"] == 1
    assert (line["outcome"], line["seed"], line["resolution"]) == ("ok", "7", 16)
    assert request.start_time_unix_nano <= spans["queue"].start_time_unix_nano
