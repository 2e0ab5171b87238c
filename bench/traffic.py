"""Mixed traffic of a site with pictures by seed: popular ones, new ones, a few walks.

Owns the mix. Knows the routes of the service and nothing of how load is sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bench.load import Request

POPULAR = 100  # pictures that are requested repeatedly
# Kinds of request and their shares, the share of popular pictures, and the share of these whose
# client already has the bytes.
IMAGE, GENERATE, WALK = "image", "generate", "walk"
SHARES = {IMAGE: 0.68, GENERATE: 0.30, WALK: 0.02}
POPULAR_SHARE = 0.5
KNOWN_SHARE = 0.5
FORMATS = ("png", "webp", "jpeg")
WALK_FORMATS = ("webp", "gif", "json")
COUNTS = (1, 1, 1, 2, 4)
MOST_STEPS = 4


@dataclass(frozen=True)
class Picture:
    """Picture that is requested repeatedly, and its ETag."""

    path: str
    etag: str = ""


def popular_paths(resolutions: Sequence[int], chance: random.Random) -> list[str]:
    """Return the paths of the popular pictures."""
    return [_image(chance, resolutions, f"visitor {n}") for n in range(POPULAR)]


def mixed(
    resolutions: Sequence[int], popular: Sequence[Picture], chance: random.Random
) -> Iterator[Request]:
    """Yield requests without end.

    Args:
        resolutions: requested resolutions, equally frequent; walks use the smallest.
        popular: pictures that are requested repeatedly, with the ETags that their clients hold.
        chance: random generator for all choices.
    """
    kinds, shares = list(SHARES), list(SHARES.values())
    while True:
        kind = chance.choices(kinds, shares)[0]
        if kind == WALK:
            yield Request(_walk(chance, resolutions), kind=kind)
        elif kind == GENERATE:
            yield Request(_generate(chance, resolutions), "POST", kind=kind)
        elif chance.random() >= POPULAR_SHARE:
            yield Request(_image(chance, resolutions, chance.getrandbits(53)), kind=kind)
        else:
            yield _again(chance, chance.choice(popular))


def _again(chance: random.Random, picture: Picture) -> Request:
    known = picture.etag and chance.random() < KNOWN_SHARE
    headers = {"If-None-Match": picture.etag} if known else {}
    return Request(picture.path, headers=headers, kind=IMAGE)


def _image(chance: random.Random, resolutions: Sequence[int], seed: int | str) -> str:
    query = {"resolution": chance.choice(resolutions), "format": chance.choice(FORMATS)}
    return f"/images/{quote(str(seed))}?{urlencode(query)}"


def _generate(chance: random.Random, resolutions: Sequence[int]) -> str:
    query = {
        "resolution": chance.choice(resolutions),
        "format": chance.choice(FORMATS),
        "count": chance.choice(COUNTS),
    }
    return f"/generate?{urlencode(query)}"


def _walk(chance: random.Random, resolutions: Sequence[int]) -> str:
    query = [
        ("seed", chance.getrandbits(53)),
        ("seed", chance.getrandbits(53)),
        ("steps", chance.randint(1, MOST_STEPS)),
        ("resolution", min(resolutions)),
        ("format", chance.choice(WALK_FORMATS)),
    ]
    return f"/interpolate?{urlencode(query)}"
