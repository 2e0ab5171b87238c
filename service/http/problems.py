"""Errors as answers: `application/problem+json` (RFC 9457) for every error.

Owns the form of every error answer. `errors` lists the kinds of errors; this module writes them.
"""

from __future__ import annotations

import http
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from service.errors import ServiceError

MEDIA_TYPE = "application/problem+json"
MAX_CHARACTERS = 60  # of a client's value that is repeated in an answer
STATE_KEY = "record"  # key of the record of a request (`request_log`) in its ASGI state
TYPE_PREFIX = "urn:problem-type:progan:"
ROUTE_METHODS = ("GET", "HEAD", "POST")  # that routes take

DETAILS = {
    404: "there is nothing at this path; /docs lists what there is",
    405: "this path does not take that method; the header Allow says which it takes",
    500: "the fault is the server's and is logged under this request id",
}

# Messages that replace pydantic's, by its type of error; {} is the value that was sent.
MESSAGES = {
    "extra_forbidden": "this route has no such parameter; /docs lists those it has",
    "int_parsing": "a whole number such as 64 is needed, not {}",
    "float_parsing": "a number such as 0.5 is needed, not {}",
    "too_short": "at least {min_length} are needed, not {actual_length}",
    "too_long": "at most {max_length} are possible",
}


class ProblemResponse(JSONResponse):
    """Error answer that must not be cached."""

    media_type = MEDIA_TYPE


def problem_response(
    request: Request,
    status: int,
    *,
    kind: str,
    title: str | None = None,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> Response:
    """Return a problem (RFC 9457), with `request_id` and further `members`."""
    record = request.scope.get("state", {}).get(STATE_KEY)
    content = {
        "type": TYPE_PREFIX + kind,
        "title": title or _phrase(status),
        "status": status,
        "detail": detail or DETAILS.get(status, _phrase(status)),
        "instance": request.scope["path"],
        "request_id": getattr(record, "request_id", None),
        **members,
    }
    if record:
        record.facts.setdefault("outcome", kind)
    return ProblemResponse(
        content, status, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def install(app: FastAPI) -> None:
    """Install handlers that answer every error of `app` as a problem."""
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def _on_service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # it was registered for this type
    headers = dict(error.headers)
    members = dict(error.members)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
        members["retry_after_s"] = error.retry_after_s
    if error.reason is not None:
        request.state.runtime.metrics.request_refused(error.reason)
    return problem_response(
        request,
        error.status,
        kind=error.kind,
        title=error.title,
        detail=str(error),
        headers=headers,
        **members,
    )


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # it was registered for this type
    kind = _phrase(error.status_code).lower().replace(" ", "-")
    headers = dict(error.headers or {})
    if "Allow" in headers:  # Starlette names the methods of the first route of this path alone
        headers["Allow"] = ", ".join(_methods_at(request)) or headers["Allow"]
    return problem_response(request, error.status_code, kind=kind, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """The methods that the path of a request takes."""
    app: FastAPI = request.app
    scopes = {method: {**request.scope, "method": method} for method in ROUTE_METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in app.routes)
    ]


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # it was registered for this type
    errors = [_explain(fault) for fault in error.errors()]
    detail = "; ".join(f"{e['parameter']}: {e['message']}" for e in errors)
    allowed = [e["allowed"] for e in errors if "allowed" in e]
    members = {"allowed": allowed[0]} if len(allowed) == 1 else {}
    return problem_response(
        request,
        422,
        kind="out-of-range",
        title="A parameter is out of range",
        detail=detail,
        errors=errors,
        **members,
    )


def _explain(fault: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one error that pydantic found: the parameter, the fault, the allowed values."""
    place: Sequence[Any] = fault["loc"][1:]
    context = fault.get("ctx", {})
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] in MESSAGES:
        message = MESSAGES[fault["type"]].format(_shortened(fault["input"]), **context)
    explained: dict[str, Any] = {"parameter": ".".join(map(str, place)), "message": message}
    bounds = {k: v for k, v in context.items() if k not in ("error", "actual_length")}
    if "expected" in bounds:
        explained["allowed"] = [
            word.strip(" '") for word in bounds["expected"].replace(" or ", ",").split(",")
        ]
    elif bounds:
        explained["allowed"] = {
            key: value for key, value in bounds.items() if isinstance(value, int | float)
        }
    return explained


def _shortened(sent: object) -> str:
    text = repr(sent)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Error"
