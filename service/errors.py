"""Errors of a request, in the order in which they may occur.

    ServiceError
    |-- RequestError            the client can correct it
    |   |-- KeyMissing          401  a key is required; describes how to send it
    |   |-- KeyWrong            401
    |   |-- UnknownModel        404  no such model, or another digest
    |   |-- NotAcceptable       406  no media type of Accept is available
    |   |-- PreconditionFailed  412  If-Match has another ETag
    |   |-- BodyTooLarge        413
    |   |-- BodyNotTaken        415  parameters belong in the query
    |   |-- RangeNotSatisfiable 416  the range begins after the end of the file
    |   `-- OutOfRange          422  with the allowed values
    |-- Refused                 the server cannot answer the request now
    |   |-- RateExceeded        429  with Retry-After from the client's window
    |   |-- NotReady            503  still loading, or no model to serve
    |   |-- Draining            503  the server is shutting down
    |   |-- EngineSilent        503  a batch takes far longer than it should
    |   |-- EngineLost          503  the engine has ended; the server must be restarted
    |   |-- QueueFull           503  with Retry-After from the queued work
    |   |-- DeadlineTooNear     504  predicted from the queued work
    |   |-- DeadlinePassed      504
    |   `-- ClientGone          499  the client disconnected; for logs and metrics
    `-- EngineFailed            500  the server's fault
        `-- MemoryTooSmall      500  the picture does not fit into the device's memory

Owns these classes and their status codes. Knows no web framework, so that any sub-package may raise
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class ServiceError(Exception):
    """Base class of all errors; `str(error)` is the message for the client.

    Attributes:
        status: HTTP status of the answer.
        kind: stable, machine-readable name of the problem.
        title: human-readable title, the same for all errors of a kind.
        reason: label of `progan_refused_total`, or None if the error is not counted there.
        members: additional members of the problem document, such as `allowed`.
        retry_after_s: whole seconds after which the client may retry.
        headers: additional headers of the answer.
    """

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"
    reason: ClassVar[str | None] = None
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, detail: str, *, retry_after_s: int | None = None, **members: object) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.members: dict[str, object] = members


class RequestError(ServiceError):
    """An error of the request that the client can correct."""

    status = 400
    kind = "bad-request"
    title = "The request cannot be understood"


class KeyMissing(RequestError):
    """The service requires a key and the client sent none."""

    status = 401
    kind = "key-missing"
    title = "A key is needed"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="progan"'}


class KeyWrong(RequestError):
    """The client's key is not accepted."""

    status = 401
    kind = "key-wrong"
    title = "The key is wrong"
    headers: Mapping[str, str] = {
        "WWW-Authenticate": 'Bearer realm="progan", error="invalid_token"'
    }


class UnknownModel(RequestError):
    """No loaded model has the requested name or digest."""

    status = 404
    kind = "unknown-model"
    title = "No such model"


class NotAcceptable(RequestError):
    """None of the media types that the client accepts is available."""

    status = 406
    kind = "not-acceptable"
    title = "None of the accepted media types can be given"


class PreconditionFailed(RequestError):
    """The ETag in the client's If-Match is not that of the answer."""

    status = 412
    kind = "precondition-failed"
    title = "The answer has another ETag"


class BodyTooLarge(RequestError):
    """The body has more bytes than the service reads."""

    status = 413
    kind = "body-too-large"
    title = "The body is too large"


class BodyNotTaken(RequestError):
    """The request has a body; all parameters belong in the query."""

    status = 415
    kind = "body-not-taken"
    title = "This service takes no body"


class RangeNotSatisfiable(RequestError):
    """The range begins after the end of the file."""

    status = 416
    kind = "range-not-satisfiable"
    title = "The file has no such bytes"

    def __init__(self, length: int) -> None:
        super().__init__(f"the file has {length} bytes, numbered from 0", allowed={"lt": length})
        self.headers = {"Content-Range": f"bytes */{length}"}


class OutOfRange(RequestError):
    """A parameter has a value that is not allowed."""

    status = 422
    kind = "out-of-range"
    title = "A parameter is out of range"

    def __init__(self, parameter: str, message: str, allowed: object) -> None:
        super().__init__(
            f"{parameter}: {message}",
            allowed=allowed,
            errors=[{"parameter": parameter, "message": message, "allowed": allowed}],
        )


class Refused(ServiceError):
    """The server cannot answer the request now."""

    status = 503


class RateExceeded(Refused):
    """The client has sent more requests than its rate limit allows."""

    status = 429
    kind = "rate-exceeded"
    title = "Too many requests"
    reason = "rate_limit"


class NotReady(Refused):
    """The models are still loading, or there is no model to serve."""

    kind = "not-ready"
    title = "The service is not ready"


class Draining(Refused):
    """The process is shutting down and admits no new requests."""

    kind = "draining"
    title = "The service is shutting down"
    reason = "draining"


class EngineSilent(Refused):
    """The running work of the engine is overdue."""

    kind = "engine-silent"
    title = "The engine does not answer"


class EngineLost(Refused):
    """The engine has ended unexpectedly; the service must be restarted."""

    kind = "engine-lost"
    title = "The engine has ended"


class QueueFull(Refused):
    """The queue, or another limit on work in progress, is full."""

    kind = "queue-full"
    title = "The queue is full"
    reason = "queue_full"


class DeadlineTooNear(Refused):
    """The predicted duration, with the work queued before it, exceeds the deadline."""

    status = 504
    kind = "deadline-too-near"
    title = "The deadline cannot be met"
    reason = "deadline"


class DeadlinePassed(Refused):
    """The picture was not ready before the deadline."""

    status = 504
    kind = "deadline-passed"
    title = "The deadline has passed"
    reason = "deadline"


class ClientGone(Refused):
    """The client disconnected before its answer; queued work of the request is dropped."""

    status = 499
    kind = "client-gone"
    title = "The client has gone"
    reason = "cancelled"


class EngineFailed(ServiceError):
    """The engine raised an exception while computing the batch of this request."""

    kind = "engine-failed"
    title = "The picture could not be computed"


class MemoryTooSmall(EngineFailed):
    """The device's memory is too small for this picture, even in a batch of one."""

    kind = "out-of-memory"
    title = "The picture does not fit into the device's memory"
