"""What the headers of a picture say."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from service.batching.engine import EngineMode, ModelInfo
from service.batching.recipe import Recipe, point_of
from service.http.headers import (
    address_of,
    caching,
    is_fresh,
    log_request_facts,
    provenance,
    without_body,
)
from service.http.request_log import STATE_KEY, RequestRecord, record_of
from service.pipeline import Timing
from tests.service.painter import card_named

SERVED = ModelInfo(card_named("m"), EngineMode("cpu", "fp32", "torch"))


def request(**headers: str) -> Request:
    """A traced request with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "state": {STATE_KEY: RequestRecord("id", 0.0)}})


def test_provenance_is_told_to_the_client_and_to_the_log() -> None:
    """The same numbers, in milliseconds."""
    asked = request()
    timing = Timing(queue_s=0.001, generate_s=0.25, encode_s=0.0123, batch_size=4)
    headers = provenance(asked, SERVED, [7, 8], 64, "ab12", timing)

    assert headers == {
        "X-Seed": "7,8",
        "X-Model": SERVED.pinned_name,
        "X-Resolution": "64",
        "X-Pixel-SHA256": "ab12",
        "Server-Timing": "queue;dur=1.00, generate;dur=250.00, encode;dur=12.30",
    }
    assert record_of(asked).facts == {
        "queue_ms": 1.0,
        "generate_ms": 250.0,
        "encode_ms": 12.3,
        "batch_size": 4,
    }


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ((None, None), {}),
        (("coat", "coat"), {"label": "coat"}),
        (("coat", "top, or so"), {"label": "coat,top%2C or so"}),
    ],
)
def test_what_is_asked_for_is_noted_before_it_is_made(
    labels: tuple[str | None, ...], told: dict[str, str]
) -> None:
    """The whole recipe, with the digest: enough to make the picture again."""
    asked = request()
    recipes = [
        Recipe("m@12", point_of(seed), 64, label)
        for seed, label in zip((7, 8), labels, strict=True)
    ]
    log_request_facts(asked, [7, 8], recipes, "webp")

    assert record_of(asked).facts == {
        "model": "m@12",
        "seed": "7,8",
        "resolution": 64,
        "format": "webp",
        "images": 2,
        **told,
    }


def test_what_is_not_known_is_not_told() -> None:
    """As in an answer to HEAD."""
    assert provenance(request(), SERVED, [7], 64).keys() == {"X-Seed", "X-Model", "X-Resolution"}


@pytest.mark.parametrize(
    ("model", "kept"),
    [(None, "max-age=60"), ("m", "max-age=60"), (SERVED.pinned_name, "immutable")],
)
def test_only_a_pinned_model_is_for_ever(model: str | None, kept: str) -> None:
    """A name may mean another one tomorrow."""
    assert caching('"tag"', model, public=True)["Cache-Control"].endswith(kept)


@pytest.mark.parametrize(("public", "whose"), [(True, "public"), (False, "private")])
def test_what_needs_a_key_is_kept_by_its_reader_alone(public: bool, whose: str) -> None:
    """A shared cache would hand it to others."""
    assert caching('"tag"', "m", public=public)["Cache-Control"] == f"{whose}, max-age=60"


@pytest.mark.parametrize(
    ("known", "fresh"),
    [
        ('"tag"', True),
        ('W/"tag"', True),
        ('"other", "tag"', True),
        ("*", True),
        ('"other"', False),
        ("tag", False),
    ],
)
def test_a_client_that_knows_the_tag_has_the_bytes(known: str, fresh: bool) -> None:
    """In a list, weak or strong."""
    assert is_fresh(request(if_none_match=known), '"tag"') is fresh
    assert not is_fresh(request(), '"tag"')


def test_the_address_of_a_picture_is_pinned() -> None:
    """It means the same bytes on any day."""
    recipe = Recipe("m@12", point_of(7), 64)

    assert address_of(recipe, "png") == "/images/7?model=m@12&resolution=64&format=png"


def test_an_answer_without_a_body_claims_no_length() -> None:
    """Zero would be wrong: the picture has bytes."""
    response = without_body({"ETag": '"tag"'}, "image/png")

    assert "content-length" not in response.headers
    assert response.headers["content-type"] == "image/png"
