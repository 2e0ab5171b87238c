"""Content negotiation: `Accept` against the media types on offer (RFC 9110, section 12.5.1).

Knows header text only.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.plain_number import decimal_number
from service.errors import NotAcceptable


def choose_media_type(accept: str | None, offers: Sequence[str]) -> str:
    """Return the offer with the highest weight; among equal ones, the first.

    Args:
        accept: value of the header; None if there is none: then every offer is acceptable.
        offers: media types, preferred one first.

    Raises:
        NotAcceptable: the client accepts none of them.
    """
    ranges = _parse(accept) if accept and accept.strip() else [("*/*", 1.0)]
    quality = {offer: _quality(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: quality[offer])
    if quality[best] <= 0.0:
        names = ", ".join(offers)
        raise NotAcceptable(f"Accept is {accept!r}; this can be {names}", allowed=list(offers))
    return best


def _parse(accept: str) -> list[tuple[str, float]]:
    ranges: list[tuple[str, float]] = []
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [p[2:] for p in parameters if p.startswith("q=")]
        try:
            weight = decimal_number(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        ranges.append((media_range, min(max(weight, 0.0), 1.0)))
    return ranges


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that matches; 0 if none does."""
    for wanted in (offer, offer.partition("/")[0] + "/*", "*/*"):
        weights = [weight for media_range, weight in ranges if media_range == wanted]
        if weights:
            return max(weights)
    return 0.0
