"""Errors between a request and its picture, in the order a request meets them.

    ServiceError
    |-- RequestError            the client can mend it
    |   |-- KeyMissing          401  a key is needed, and how to send it
    |   |-- KeyWrong            401
    |   |-- UnknownModel        404  no such model, or not that digest
    |   |-- NotAcceptable       406  Accept names nothing this answer can be
    |   |-- PreconditionFailed  412  If-Match names other bytes
    |   |-- BodyTooLarge        413
    |   |-- BodyNotTaken        415  parameters go in the query
    |   |-- RangeNotSatisfiable 416  the range begins behind the end of the file
    |   `-- OutOfRange          422  says what is allowed
    |-- Refused                 the server cannot now; nothing was computed
    |   |-- RateExceeded        429  with Retry-After from the client's window
    |   |-- NotReady            503  still loading, or nothing to serve
    |   |-- Draining            503  on its way out
    |   |-- EngineSilent        503  a batch takes far longer than it should
    |   |-- EngineLost          503  the engine has ended; a restart is near
    |   |-- QueueFull           503  with Retry-After from the work queued
    |   |-- DeadlineTooNear     504  the work queued will take longer, as predicted
    |   |-- DeadlinePassed      504
    |   `-- ClientGone          499  nobody reads it; for logs and metrics
    `-- EngineFailed            500  the server's fault
        `-- MemoryTooSmall      500  the picture does not fit into the device's memory

Owns these classes and their numbers. Knows no web framework, so that any room may raise them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class ServiceError(Exception):
    """The root: `str(error)` is for the client to read.

    Attributes:
        status: the HTTP status of the answer.
        kind: stable name of the problem, for machines.
        title: the same for all errors of the kind, for people.
        reason: label of `progan_refused_total`, or None where nothing was refused.
        members: extra members of the problem, such as `allowed`.
        retry_after_s: whole seconds after which to try again.
        headers: what the answer says besides.
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
    """Something about the request that the client can mend."""

    status = 400
    kind = "bad-request"
    title = "The request cannot be understood"


class KeyMissing(RequestError):
    """The service asks for a key and the client sent none."""

    status = 401
    kind = "key-missing"
    title = "A key is needed"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="progan"'}


class KeyWrong(RequestError):
    """The client's key is none of the service's."""

    status = 401
    kind = "key-wrong"
    title = "The key is wrong"
    headers: Mapping[str, str] = {
        "WWW-Authenticate": 'Bearer realm="progan", error="invalid_token"'
    }


class UnknownModel(RequestError):
    """No loaded model has that name, or that digest."""

    status = 404
    kind = "unknown-model"
    title = "No such model"


class NotAcceptable(RequestError):
    """None of the media types the client accepts can be given."""

    status = 406
    kind = "not-acceptable"
    title = "None of the accepted media types can be given"


class PreconditionFailed(RequestError):
    """The client wants to have other bytes than there are."""

    status = 412
    kind = "precondition-failed"
    title = "The answer has another ETag"


class BodyTooLarge(RequestError):
    """More bytes than the service reads."""

    status = 413
    kind = "body-too-large"
    title = "The body is too large"


class BodyNotTaken(RequestError):
    """A body where the query says everything."""

    status = 415
    kind = "body-not-taken"
    title = "This service takes no body"


class RangeNotSatisfiable(RequestError):
    """The range begins behind the end of the file."""

    status = 416
    kind = "range-not-satisfiable"
    title = "The file has no such bytes"

    def __init__(self, length: int) -> None:
        super().__init__(f"the file has {length} bytes, numbered from 0", allowed={"lt": length})
        self.headers = {"Content-Range": f"bytes */{length}"}


class OutOfRange(RequestError):
    """A parameter outside of what is allowed."""

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
    """The server cannot now; nothing was computed."""

    status = 503


class RateExceeded(Refused):
    """The client has asked more often than it may."""

    status = 429
    kind = "rate-exceeded"
    title = "Too many requests"
    reason = "rate_limit"


class NotReady(Refused):
    """Still loading, or nothing to serve."""

    kind = "not-ready"
    title = "The service is not ready"


class Draining(Refused):
    """The process is on its way out and admits nothing new."""

    kind = "draining"
    title = "The service is shutting down"
    reason = "draining"


class EngineSilent(Refused):
    """The engine has not shown life for longer than its work explains."""

    kind = "engine-silent"
    title = "The engine does not answer"


class EngineLost(Refused):
    """The engine has ended before the service, which must be restarted."""

    kind = "engine-lost"
    title = "The engine has ended"


class QueueFull(Refused):
    """There is no room for more work."""

    kind = "queue-full"
    title = "The queue is full"
    reason = "queue_full"


class DeadlineTooNear(Refused):
    """The picture could not be ready in time, by what is queued before it."""

    status = 504
    kind = "deadline-too-near"
    title = "The deadline cannot be met"
    reason = "deadline"


class DeadlinePassed(Refused):
    """The picture was not ready in time."""

    status = 504
    kind = "deadline-passed"
    title = "The deadline has passed"
    reason = "deadline"


class ClientGone(Refused):
    """The client hung up before its answer; what was not yet computed will not be."""

    status = 499
    kind = "client-gone"
    title = "The client has gone"
    reason = "cancelled"


class EngineFailed(ServiceError):
    """The engine raised while it computed the batch of this request."""

    kind = "engine-failed"
    title = "The picture could not be computed"


class MemoryTooSmall(EngineFailed):
    """The device had no memory for this picture, although it was alone in its batch."""

    kind = "out-of-memory"
    title = "The picture does not fit into the device's memory"
