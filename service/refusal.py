"""Errors of the service as plain values, as processes and replicas send them to each other.

Owns this form and both directions. Knows no messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from service.errors import EngineFailed, ServiceError


class Refusal(msgspec.Struct, array_like=True, frozen=True):
    """An error of `service.errors`.

    Attributes:
        name: of its class.
        members: as JSON.
    """

    name: str
    detail: str
    retry_after_s: int | None
    members: bytes


def refusal_of(error: BaseException) -> Refusal:
    """The form of an error; one that is not of `service.errors` becomes `EngineFailed`."""
    if not isinstance(error, ServiceError):
        error = EngineFailed("the engine failed on this picture; the fault is logged")
    members = msgspec.json.encode(error.members)
    return Refusal(type(error).__name__, str(error), error.retry_after_s, members)


def error_of(refusal: Refusal) -> ServiceError:
    """The error that a refusal describes."""
    kind = next(
        (each for each in _kinds(ServiceError) if each.__name__ == refusal.name), EngineFailed
    )
    members: dict[str, Any] = msgspec.json.decode(refusal.members)
    return kind(refusal.detail, retry_after_s=refusal.retry_after_s, **members)


def _kinds(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)
