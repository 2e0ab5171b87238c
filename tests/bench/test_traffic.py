"""The mixed traffic: all of it is valid, and it has the shares it promises."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from fastapi.testclient import TestClient

from bench.traffic import GENERATE, IMAGE, SHARES, WALK, Picture, mixed, popular_paths

RESOLUTIONS = [16, 32]


def test_every_request_is_one_that_the_service_takes(client: TestClient) -> None:
    """Of each kind; and a client that holds the bytes gets none."""
    paths = popular_paths(RESOLUTIONS, random.Random(1))[:5]
    popular = [Picture(path, client.get(path).headers["etag"]) for path in paths]
    requests = list(itertools.islice(mixed(RESOLUTIONS, popular, random.Random(2)), 300))
    statuses = {
        (
            each.kind,
            bool(each.headers),
            client.request(each.method, each.path, headers=each.headers).status_code,
        )
        for each in requests
    }

    assert statuses == {
        (IMAGE, False, 200),
        (IMAGE, True, 304),
        (GENERATE, False, 200),
        (WALK, False, 200),
    }


def test_kinds_have_their_shares_and_choices_their_seed() -> None:
    """The same seed gives the same traffic."""
    popular = [Picture("/images/1", '"x"')]
    first, again = (
        list(itertools.islice(mixed(RESOLUTIONS, popular, random.Random(3)), 5000)) for _ in "12"
    )
    counts = Counter(request.kind for request in first)

    assert first == again
    for kind, share in SHARES.items():
        assert counts[kind] / len(first) == pytest.approx(share, abs=0.03)
