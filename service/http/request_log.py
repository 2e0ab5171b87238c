"""Request log: an id, one structured line and the metrics of each request.

Owns the outermost layer of the application but for security headers, as plain ASGI: every request
is logged, even one whose handler raises. Also owns the format of the log.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import secrets
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.problems import STATE_KEY, problem_response
from service.operations.log_handler import LossyHandler
from service.operations.metrics import METHODS, Metrics
from service.operations.spans import set_request_attributes, trace_id_of

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNMATCHED = "unmatched"
PLAIN_ROUTES = ("/docs", "/openapi.json", "/web/")  # not FastAPI routes, so scope has no route

log = logging.getLogger("progan.request")


@dataclass
class RequestRecord:
    """Logged fields of one request.

    Attributes:
        trace_id: id of the distributed trace; None if the request belongs to none.
        facts: fields added during the request: model, seed, milliseconds, outcome.
    """

    request_id: str
    began: float
    trace_id: str | None = None
    status: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def record_of(request: Request) -> RequestRecord:
    """Return the record of this request, to which fields can be added."""
    record: RequestRecord = request.scope["state"][STATE_KEY]
    return record


class RequestLogMiddleware:
    """Logs every request; the outermost middleware but for security headers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        # Their labels come from closed sets, so that these stay small.
        self._requests = functools.cache(metrics.requests.labels)
        self._request_duration = functools.cache(metrics.request_duration.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; pass other ASGI scopes on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if SANE_REQUEST_ID.fullmatch(asked) else secrets.token_hex(16)
        record = RequestRecord(request_id, time.perf_counter(), trace_id_of(headers))
        scope.setdefault("state", {})[STATE_KEY] = record

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                set_request_attributes(lambda: {"id": request_id, **record.facts})
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            log.exception("unexpected error", extra={"facts": {"id": request_id}})
            record.facts["outcome"] = type(error).__name__
            if record.status:  # the answer has begun: it can only be aborted
                raise
            response = problem_response(Request(scope), 500, kind="internal")
            await response(scope, receive, send_with_id)
        finally:
            self._account(scope, record)

    def _account(self, scope: Scope, record: RequestRecord) -> None:
        duration_s = time.perf_counter() - record.began
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests(route, method, record.status).inc()
        self._request_duration(route).observe(duration_s)
        trace = {"trace_id": record.trace_id} if record.trace_id else {}
        facts = {
            "id": record.request_id,
            **trace,
            "method": method,
            "route": route,
            "status": record.status,
            "outcome": outcome_of(record.status),
            "duration_ms": round(duration_s * 1000, 2),
            **record.facts,
        }
        log.info("request", extra={"facts": facts})


def log_refused(metrics: Metrics) -> Callable[[int, str], None]:
    """Return a function that logs and counts a request that never reached the application."""

    def account(status: int, outcome: str) -> None:
        metrics.requests.labels(UNMATCHED, "other", status).inc()
        facts = {"method": "other", "route": UNMATCHED, "status": status, "outcome": outcome}
        log.info("request", extra={"facts": facts})

    return account


def outcome_of(status: int) -> str:
    """Return the outcome of a request in one word, if no problem names it."""
    if status == 0:
        return "unanswered"
    if status == HTTPStatus.NOT_MODIFIED:
        return "not-modified"
    return "ok" if status < HTTPStatus.BAD_REQUEST else "error"


def route_of(scope: Scope) -> str:
    """Return the path template of the route that handled a request; a closed set."""
    path = getattr(scope.get("route"), "path_format", None)
    if isinstance(path, str):
        return path
    below_root = scope["path"].removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    return next((p for p in PLAIN_ROUTES if below_root.startswith(p)), UNMATCHED)


# ----------------------------------------------------------------------------------------
# The format of the log


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON.

    Args:
        process: name of this process, where the service has several.
    """

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self._process = {"process": process} if process else {}
        self._encoder = json.JSONEncoder(ensure_ascii=False, default=str)

    def format(self, record: logging.LogRecord) -> str:
        """Format the record with its fields."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **self._process,
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return self._encoder.encode(line)


class ConsoleFormatter(logging.Formatter):
    """Formats a record as one line of text, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record with its fields; a `bare` record is its message only."""
        if getattr(record, "bare", False):
            return record.getMessage()
        facts = " ".join(f"{k}={v}" for k, v in getattr(record, "facts", {}).items())
        return f"{super().format(record)} {facts}".rstrip()


def configure_logging(log_format: str, level: str, process: str = "") -> None:
    """Send all logs to stdout: as `json`, `console`, or `auto` (`console` in a terminal).

    Warnings that Pillow writes about uploads are dropped: what matters is in the client's answer.

    Args:
        log_format: one of these three.
        level: lowest level that is written.
        process: name of this process in each line, where the service has several.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    if log_format == "auto":
        log_format = "console" if sys.stdout.isatty() else "json"
    handler = LossyHandler(sys.stdout)
    name = f"{process} %(name)s" if process else "%(name)s"
    console = ConsoleFormatter(f"%(asctime)s %(levelname)-7s {name}: %(message)s")
    handler.setFormatter(JsonFormatter(process) if log_format == "json" else console)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        if log_format == "console":
            logger.setLevel("WARNING")  # this service logs the phases of the server itself
