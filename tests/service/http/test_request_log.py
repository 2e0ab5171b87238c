"""One request is one line, one id, one count; whatever happens inside."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from prometheus_client import generate_latest

from service.http.request_log import (
    ConsoleFormatter,
    JsonFormatter,
    RequestLogMiddleware,
    configure_logging,
    outcome_of,
    record_of,
)
from service.operations.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of an application of one's own."""
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> TestClient:
    """An application with a good route and a broken one."""
    app = FastAPI()
    app.add_middleware(RequestLogMiddleware, metrics=metrics)

    @app.get("/rooms/{number}")
    async def room(number: int, request: Request) -> int:
        record_of(request).facts["seed"] = number
        return number

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError("a secret")

    return TestClient(app)


@pytest.mark.parametrize("sane", ["abc-123", "A.b_c", "x" * 64])
def test_a_sane_request_id_is_kept(client: TestClient, sane: str) -> None:
    """So that logs of several services can be joined."""
    assert client.get("/rooms/1", headers={"X-Request-ID": sane}).headers["x-request-id"] == sane


@pytest.mark.parametrize("odd", ["", "x" * 65, "a b", 'a"}{', "a\tb"])
def test_any_other_is_replaced(client: TestClient, odd: str) -> None:
    """A log is no place for a stranger's text."""
    told = client.get("/rooms/1", headers={"X-Request-ID": odd}).headers["x-request-id"]

    assert len(told) == 32
    assert told.isalnum()


def test_a_request_is_one_line_with_what_rooms_added(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The route's template, never the raw path."""
    with caplog.at_level(logging.INFO, logger="progan.request"):
        client.get("/rooms/7", headers={"X-Request-ID": "abc"})
    (record,) = [r for r in caplog.records if r.name == "progan.request"]
    facts = record.__dict__["facts"]

    assert facts.pop("duration_ms") >= 0
    assert facts == {
        "id": "abc",
        "method": "GET",
        "route": "/rooms/{number}",
        "status": 200,
        "outcome": "ok",
        "seed": 7,
    }


TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("traceparent", "told"),
    [
        (f"00-{TRACE_ID}-b7ad6b7169203331-01", TRACE_ID),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        ('00-"}{', None),
    ],
)
def test_the_line_names_the_trace_that_the_client_is_in(
    client: TestClient, caplog: pytest.LogCaptureFixture, traceparent: str, told: str | None
) -> None:
    """Also where nothing is exported from here; and what is no trace is not told."""
    with caplog.at_level(logging.INFO, logger="progan.request"):
        client.get("/rooms/7", headers={"traceparent": traceparent})
    (record,) = [r for r in caplog.records if r.name == "progan.request"]

    assert record.__dict__["facts"].get("trace_id") == told


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "ok"), (304, "not-modified"), (404, "error"), (500, "error"), (0, "unanswered")],
)
def test_an_outcome_is_a_word(status: int, outcome: str) -> None:
    """Where no problem has given its own."""
    assert outcome_of(status) == outcome


def test_an_unexpected_error_is_a_problem_and_keeps_its_secret(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it whole; the client has the id to ask by."""
    answer = client.get("/broken", headers={"X-Request-ID": "abc"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "abc"
    assert "secret" not in answer.text
    assert "a secret" in caplog.text


def test_requests_are_counted_under_closed_labels(client: TestClient, metrics: Metrics) -> None:
    """Unknown paths and methods share a label each."""
    client.get("/rooms/7")
    client.get("/etc/passwd")
    client.get("/docs")
    client.request("BREW", "/pot")
    client.get("/broken")
    told = generate_latest(metrics.registry).decode()

    for line in (
        'progan_requests_total{method="GET",route="/rooms/{number}",status="200"} 1.0',
        'progan_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'progan_requests_total{method="GET",route="/docs",status="200"} 1.0',
        'progan_requests_total{method="other",route="unmatched",status="404"} 1.0',
        'progan_requests_total{method="GET",route="/broken",status="500"} 1.0',
        'progan_request_duration_seconds_count{route="/rooms/{number}"} 1.0',
    ):
        assert line in told


def record(**facts: object) -> logging.LogRecord:
    """A line of the log."""
    line = logging.LogRecord("progan", logging.INFO, __file__, 1, "request", None, None)
    line.facts = facts
    return line


def test_json_lines_hold_the_facts_beside_time_level_and_event() -> None:
    """One object, any text in it."""
    told = json.loads(JsonFormatter().format(record(seed="Ünï\n", batch_size=4)))

    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "event": "request",
        "logger": "progan",
        "seed": "Ünï\n",
        "batch_size": 4,
    }


def test_json_lines_name_their_process_where_there_are_several() -> None:
    """Else there is no such field."""
    assert json.loads(JsonFormatter("front-0").format(record()))["process"] == "front-0"
    assert "process" not in json.loads(JsonFormatter().format(record()))


def test_a_fault_is_told_with_its_trace() -> None:
    """Still in one line."""
    line = record()
    try:
        raise ValueError("why")
    except ValueError:
        line.exc_info = sys.exc_info()
    text = JsonFormatter().format(line)

    assert "\n" not in text
    assert "ValueError: why" in json.loads(text)["exception"]


def test_console_lines_are_for_eyes() -> None:
    """The event, then the facts."""
    assert ConsoleFormatter("%(message)s").format(record(seed=7)) == "request seed=7"


@pytest.fixture
def _root_logger() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("_root_logger")
@pytest.mark.parametrize(
    ("form", "process", "line"),
    [
        ("json", "", '"event": "hello"'),
        ("console", "", " INFO    x: hello"),
        ("console", "front-0", " INFO    front-0 x: hello"),
    ],
)
def test_the_log_goes_to_stdout_in_the_form_that_is_set(
    capsys: pytest.CaptureFixture[str], form: str, process: str, line: str
) -> None:
    """And nothing below its level."""
    configure_logging(form, "info", process)
    logging.getLogger("x").info("hello")
    logging.getLogger("x").debug("too fine")
    out = capsys.readouterr().out

    assert line in out
    assert "too fine" not in out


def test_warnings_of_pillow_about_uploads_are_dropped() -> None:
    """A client's odd metadata writes no lines of another form into the log."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        configure_logging("json", "info")
        warnings.warn_explicit("odd", UserWarning, "x.py", 1, module="PIL.TiffImagePlugin")
        with pytest.raises(UserWarning, match="ours"):
            warnings.warn_explicit("ours", UserWarning, "x.py", 1, module="service.app")
