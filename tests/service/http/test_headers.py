"""The headers of an answer with pictures."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.requests import Request

from service.batching.engine import EngineMode
from service.batching.recipe import Method, Point, Recipe, point_of
from service.credentials.signing import FileSigner
from service.facts import FACTS
from service.http.headers import (
    PICTURE_HEADERS,
    caching,
    disposition,
    etag_of,
    is_fresh,
    is_other_than_wanted,
    server_timing,
)
from service.pipeline import Timing
from tests.service.credential_chains import development_chain
from tests.service.painter import card_named

PINNED = card_named("m").pinned_name
MODE = EngineMode("cpu", "fp32", "torch 2")
RECIPE = Recipe("m@1", point_of(7), 64)
FACT = {"licence": "MIT"}


def request(**headers: str) -> Request:
    """A request with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


def test_an_etag_is_strong_and_changes_with_all_that_determines_the_bytes() -> None:
    """Model, place, method, resolution, label, engine mode, encoder, facts."""
    others = [
        Recipe("m@2", point_of(7), 64),
        Recipe("m@1", point_of(8), 64),
        Recipe("m@1", Point(7, 8, 0.5), 64),
        Recipe("m@1", Point(7, 8, 0.5, Method.LERP), 64),
        Recipe("m@1", point_of(7), 32),
        Recipe("m@1", point_of(7), 64, label="cat"),
        Recipe("m@1", point_of(7), 64, watermark="1"),
    ]
    modes = [
        EngineMode("cuda:0", "fp32", "torch 2"),
        EngineMode("cpu", "bf16", "torch 2"),
        EngineMode("cpu", "fp32", "torch 3"),
        EngineMode("cpu", "fp32", "torch 2", processor="AVX2"),
    ]
    tags = [
        etag_of([RECIPE], MODE, "png 1", FACT, None),
        etag_of([RECIPE], MODE, "png 2", FACT, None),
        etag_of([RECIPE], MODE, "png 1", {"licence": "CC0"}, None),
        etag_of([RECIPE, RECIPE], MODE, "png 1", FACT, None),
        *(etag_of([other], MODE, "png 1", FACT, None) for other in others),
        *(etag_of([RECIPE], mode, "png 1", FACT, None) for mode in modes),
    ]

    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
    assert etag_of([RECIPE], MODE, "png 1", FACT, None) == tags[0]


def test_what_a_trial_at_start_found_does_not_change_the_bytes() -> None:
    """`exact` says how pictures may be batched, not what they are."""
    inexact = dataclasses.replace(MODE, exact=False, golden_tried=9, golden_equal=5)

    assert etag_of([RECIPE], inexact, "png 1", FACT, None) == etag_of(
        [RECIPE], MODE, "png 1", FACT, None
    )


def test_times_are_given_in_milliseconds() -> None:
    """As Server-Timing has them."""
    timing = Timing(queue_s=0.001, generate_s=0.25, encode_s=0.0123, batch_size=4)

    assert server_timing(timing) == "queue;dur=1.00, generate;dur=250.00, encode;dur=12.30"


def test_every_header_of_the_table_of_facts_is_described() -> None:
    """For OpenAPI and for scripts of other sites."""
    assert {fact.header for fact in FACTS if fact.header} <= set(PICTURE_HEADERS)
    assert all(PICTURE_HEADERS.values())


@pytest.mark.parametrize(
    ("model", "kept"),
    [(None, "max-age=60"), ("m", "max-age=60"), (PINNED, "immutable")],
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


@pytest.mark.parametrize(
    ("wanted", "other"), [('"tag"', False), ("*", False), ('"other"', True), ('W/"tag"', True)]
)
def test_a_client_may_insist_on_the_bytes_it_knows(wanted: str, other: bool) -> None:
    """By strong comparison, as for parts of a file."""
    assert is_other_than_wanted(request(if_match=wanted), '"tag"') is other
    assert not is_other_than_wanted(request(), '"tag"')


@pytest.mark.parametrize(
    ("stem", "header"),
    [
        ("ada-64", 'inline; filename="ada-64.png"'),
        ("a/b\\c:d", 'inline; filename="a_b_c_d.png"'),
        ('say "hi"\r\nX-Evil: 1', 'inline; filename="say _hi___X-Evil_ 1.png"'),
        ("..", 'inline; filename="_.png"'),
        ("шум", "inline; filename=\"___.png\"; filename*=UTF-8''%D1%88%D1%83%D0%BC.png"),
        ("x" * 128, f'inline; filename="{"x" * 100}.png"'),
    ],
)
def test_a_saved_answer_has_a_name_that_every_file_system_takes(stem: str, header: str) -> None:
    """Also where the seed is no file name, or an attack."""
    assert disposition(stem, ".png") == header


def test_what_no_browser_shows_is_saved() -> None:
    """A ZIP file, for one."""
    assert disposition("walk", ".zip", attachment=True) == 'attachment; filename="walk.zip"'


def test_an_etag_covers_the_signer_and_is_weak_if_signatures_never_repeat() -> None:
    """A weak one validates, and neither guards a change nor offers parts (RFC 9110, 8.8.3)."""
    identity = development_chain().identity
    stamped = FileSigner(identity, "http://127.0.0.1/")
    strong, weak, other = (
        etag_of([RECIPE], MODE, "png 1", FACT, signer)
        for signer in (FileSigner(identity), stamped, FileSigner(development_chain().identity))
    )

    assert len({strong, weak, other, etag_of([RECIPE], MODE, "png 1", FACT, None)}) == 4
    assert (strong[0], weak[:3]) == ('"', 'W/"')
    assert is_fresh(request(if_none_match=weak), weak)
    assert is_other_than_wanted(request(if_match=weak), weak)
    assert not is_other_than_wanted(request(if_match=strong), strong)
    assert caching(weak, None, public=True)["Accept-Ranges"] == "none"
    assert caching(strong, None, public=True)["Accept-Ranges"] == "bytes"
