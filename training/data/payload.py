"""The input of a decoder: what tells one picture, small enough to be sent to another process.

Owns the type. Knows no source and no decoder.
"""

from __future__ import annotations

from dataclasses import dataclass

PlainPayload = str | bytes | int  # a path, an encoded picture, or the number of a drawing


@dataclass(frozen=True)
class DomainPayload:
    """The payload of a picture in one of several domains, with the number of the domain."""

    domain: int
    payload: PlainPayload


Payload = PlainPayload | DomainPayload


def bytes_in(payload: Payload) -> int:
    """Number of bytes of an encoded picture in a payload; 0 if it only names the picture."""
    inner = payload.payload if isinstance(payload, DomainPayload) else payload
    return len(inner) if isinstance(inner, bytes) else 0
