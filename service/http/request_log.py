"""One request, told once: its id, one structured log line, its metrics.

Owns the outermost layer of the application, as plain ASGI: no request is lost in it, not even one
whose handler raises. Also the form of the log.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.problems import problem_response
from service.operations.log_handler import LossyHandler
from service.operations.metrics import METHODS, Metrics
from service.operations.spans import tell_request, trace_id_of

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
STATE_KEY = "trace"
UNMATCHED = "unmatched"
PLAIN_ROUTES = ("/docs", "/openapi.json", "/web/")  # not of FastAPI's kind, so unnamed in scope

log = logging.getLogger("progan.request")


@dataclass
class RequestRecord:
    """What is told of one request.

    Attributes:
        trace_id: of the distributed trace it belongs to, where it belongs to one.
        facts: what rooms on the way added: model, seed, milliseconds, outcome.
    """

    request_id: str
    began: float
    trace_id: str | None = None
    status: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def record_of(request: Request) -> RequestRecord:
    """The trace of this request, to add facts to."""
    trace: RequestRecord = request.scope["state"][STATE_KEY]
    return trace


class RequestLogMiddleware:
    """Wraps everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if SANE_REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        trace = RequestRecord(request_id, time.perf_counter(), trace_id_of(headers))
        scope.setdefault("state", {})[STATE_KEY] = trace

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                trace.status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                tell_request({"id": request_id, **trace.facts})
            await send(message)

        try:
            await self._app(scope, receive, tell)
        except Exception as error:
            log.exception("unexpected error", extra={"facts": {"id": request_id}})
            trace.facts["outcome"] = type(error).__name__
            if trace.status:  # the answer has begun: all that is left is to break it off
                raise
            response = problem_response(Request(scope), 500, kind="internal")
            await response(scope, receive, tell)
        finally:
            self._account(scope, trace)

    def _account(self, scope: Scope, trace: RequestRecord) -> None:
        took = time.perf_counter() - trace.began
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(route, method, trace.status).inc()
        self._metrics.request_duration.labels(route).observe(took)
        traced = {"trace_id": trace.trace_id} if trace.trace_id else {}
        facts = {
            "id": trace.request_id,
            **traced,
            "method": method,
            "route": route,
            "status": trace.status,
            "outcome": outcome_of(trace.status),
            "duration_ms": round(took * 1000, 2),
            **trace.facts,
        }
        log.info("request", extra={"facts": facts})


def log_refused(metrics: Metrics) -> Callable[[int, str], None]:
    """An account of requests that never reach the application: one log line and one count each."""

    def account(status: int, outcome: str) -> None:
        metrics.requests.labels(UNMATCHED, "other", status).inc()
        facts = {"method": "other", "route": UNMATCHED, "status": status, "outcome": outcome}
        log.info("request", extra={"facts": facts})

    return account


def outcome_of(status: int) -> str:
    """In a word how a request ended, where no problem has said so."""
    if status == 0:
        return "unanswered"
    if status == HTTPStatus.NOT_MODIFIED:
        return "not-modified"
    return "ok" if status < HTTPStatus.BAD_REQUEST else "error"


def route_of(scope: Scope) -> str:
    """The template of the route that handled a request; a closed set."""
    path = getattr(scope.get("route"), "path_format", None)
    if isinstance(path, str):
        return path
    below_root = scope["path"].removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    return next((p for p in PLAIN_ROUTES if below_root.startswith(p)), UNMATCHED)


# ----------------------------------------------------------------------------------------
# The form of the log


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its facts."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ConsoleFormatter(logging.Formatter):
    """The same for eyes."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its facts; one that is `bare` stands alone."""
        if getattr(record, "bare", False):
            return record.getMessage()
        facts = " ".join(f"{k}={v}" for k, v in getattr(record, "facts", {}).items())
        return f"{super().format(record)} {facts}".rstrip()


def configure_logging(log_format: str, level: str) -> None:
    """Send all logs to stdout: as `json`, as `console`, or as `auto`, console in a terminal."""
    if log_format == "auto":
        log_format = "console" if sys.stdout.isatty() else "json"
    handler = LossyHandler(sys.stdout)
    console = ConsoleFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if log_format == "json" else console)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        if log_format == "console":
            logger.setLevel("WARNING")  # people have our own words for its phases
