"""The media type a client gets."""

from __future__ import annotations

import pytest

from service.errors import NotAcceptable
from service.http.negotiation import choose_media_type

OFFERS = ("image/png", "image/webp", "application/json")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "image/png"),
        ("", "image/png"),
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("application/*", "application/json"),
        ("IMAGE/WEBP", "image/webp"),
        ("image/png;q=0.5, image/webp;q=0.8", "image/webp"),
        ("image/webp, image/png", "image/png"),
        ("image/*;q=0.2, */*;q=0.1, application/json;q=0.9", "application/json"),
        ("image/png;q=0, image/*", "image/webp"),
        ("image/webp; charset=x; q=0.4, */*;q=0.3", "image/webp"),
        ("image/png;q=nonsense, image/webp;q=0.1", "image/webp"),
        ("image/webp;q=7", "image/webp"),
        ("image/png;q=nan, image/webp;q=0.1", "image/webp"),
        ("image/png;q=0_1, image/webp;q=0.1", "image/webp"),
    ],
)
def test_the_best_offer_is_chosen(accept: str | None, chosen: str) -> None:
    """The most specific range counts for an offer, then the weight, then the server's order."""
    assert choose_media_type(accept, OFFERS) == chosen


@pytest.mark.parametrize("accept", ["text/html", "image/png;q=0", "*/*;q=0", "nonsense", ","])
def test_what_cannot_be_given_is_refused(accept: str) -> None:
    """With all that could."""
    with pytest.raises(NotAcceptable) as refused:
        choose_media_type(accept, OFFERS[:1])

    assert refused.value.members["allowed"] == ["image/png"]
