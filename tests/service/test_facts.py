"""One table of facts: every input of a picture is in its file, headers, log, address and ETag."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

import pytest

from models.card import Data
from service.batching.recipe import Edit, Method, Point, Recipe, SourcePicture, StyleMix, point_of
from service.facts import (
    FACTS,
    address_of,
    file_facts,
    header_facts,
    log_facts,
    value_facts,
)
from service.http.headers import etag_of
from service.media.provenance import xmp_packet
from tests.service.painter import MODE, card_named

CARD = card_named("m", labels=("cat", "dog"))
STILL = Recipe("m@1", point_of(7), 64, "cat", "1")
FRAME = Recipe("m@1", Point(7, 8, 0.25, Method.LERP), 64, "cat", "1")
ONLY_POINTS_BETWEEN_HAVE = {"end", "t", "method"}


def other_than(value: object) -> object:
    """Another value of the same type."""
    if value is None:  # of `source`, which pictures of seeds do not have
        return SourcePicture("0" * 64, b"")
    if isinstance(value, Enum):
        return next(each for each in type(value) if each is not value)
    if isinstance(value, str):
        return value + "x"
    assert isinstance(value, int | float), f"say here how to change {value!r}"
    return value + type(value)(1) / (1 if isinstance(value, int) else 2)


def variants(recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """The recipe with one field changed, for each field there is or will be."""
    for field in dataclasses.fields(Recipe):
        if field.name != "point":
            given: dict[str, object] = {"mix": StyleMix(7, 16), "edits": (Edit("pca-1", 2.0),)}
            changed = given.get(field.name) or other_than(getattr(recipe, field.name))
            yield field.name, replace(recipe, **{field.name: changed})
    for field in dataclasses.fields(Point):
        changed = other_than(getattr(recipe.point, field.name))
        yield field.name, replace(recipe, point=replace(recipe.point, **{field.name: changed}))


def etag(recipe: Recipe) -> str:
    """The validator of a picture."""
    return etag_of([recipe], MODE, "png", file_facts([recipe], CARD), None)


def test_every_field_of_a_recipe_is_in_the_file_and_in_the_etag() -> None:
    """A field that is added without a row of the table fails here."""
    for name, other in variants(FRAME):
        assert file_facts([other], CARD) != file_facts([FRAME], CARD), name
        facts = (file_facts([recipe], CARD) for recipe in (other, FRAME))
        assert len({xmp_packet(each) for each in facts}) == 2, name
        assert etag(other) != etag(FRAME), name


def test_every_field_of_a_still_picture_is_in_its_headers_log_and_address() -> None:
    """So that the same picture can be asked for again."""
    for name, other in variants(STILL):
        if name not in ONLY_POINTS_BETWEEN_HAVE:
            if name == "start":
                other = replace(other, point=point_of(other.point.start))
            assert header_facts([other], CARD) != header_facts([STILL], CARD), name
            assert log_facts([other], CARD) != log_facts([STILL], CARD), name
            assert address_of(other, CARD, "png") != address_of(STILL, CARD, "png"), name


def test_every_field_of_a_point_between_two_seeds_is_in_its_headers_log_and_address() -> None:
    """It has an address of its own, as the picture of a seed has."""
    for name, other in variants(FRAME):
        assert header_facts([other], CARD) != header_facts([FRAME], CARD), name
        assert log_facts([other], CARD) != log_facts([FRAME], CARD), name
        assert address_of(other, CARD, "png") != address_of(FRAME, CARD, "png"), name
    assert address_of(FRAME, CARD, "png") == (
        "/images/7?end=8&t=0.25&method=lerp&model=m@1&resolution=64&label=cat&watermark=1&format=png"
    )
    log = log_facts([FRAME], CARD)
    assert (log["start"], log["end"], log["t"], log["interpolation"]) == ("7", "8", 0.25, "lerp")
    assert "method" not in log  # that of the request
    headers = header_facts([FRAME], CARD)
    assert [headers[f"X-{name}"] for name in ("Seed", "End", "T", "Method")] == [
        "7",
        "8",
        "0.25",
        "lerp",
    ]


def test_a_second_style_differs_by_seed_and_by_level() -> None:
    """Each is another picture, so another address and another ETag."""
    mixed = replace(STILL, psi=0.7, mix=StyleMix(8, 16))
    others = [replace(mixed, psi=0.5)]
    others += [replace(mixed, mix=StyleMix(*mix)) for mix in ((9, 16), (8, 32))]

    assert "&psi=0.7&mix=8@16" in address_of(mixed, CARD, "png")
    for other in others:
        assert address_of(other, CARD, "png") != address_of(mixed, CARD, "png")
        assert etag(other) != etag(mixed)
        assert file_facts([other], CARD) != file_facts([mixed], CARD)


def test_edits_differ_by_direction_and_by_strength() -> None:
    """Each is another picture, so another address and another ETag, even with equal facts."""
    edits = [(), (Edit("a", 1.0),), (Edit("a", 2.0),), (Edit("b", 1.0),)]
    edits += [(Edit("a", 1.0), Edit("b", 1.0))]
    recipes = [replace(STILL, edits=each) for each in edits]

    assert len({address_of(recipe, CARD, "png") for recipe in recipes}) == len(edits)
    assert len({etag_of([recipe], MODE, "png 1", {}, None) for recipe in recipes}) == len(edits)


def test_the_address_changes_with_the_format() -> None:
    """It names a file."""
    assert address_of(STILL, CARD, "png") == (
        "/images/7?model=m@1&resolution=64&label=cat&watermark=1&format=png"
    )
    assert address_of(STILL, CARD, "webp").endswith("format=webp")


def test_a_file_tells_its_seed_or_its_way_between_two() -> None:
    """With the licence of its model and whom to thank."""
    shared = {
        "model": "m@1",
        "resolution": "64",
        "label": "cat",
        "watermark": "1",
        "licence": "MIT",
        "credit": "nobody",
        "software": "Progan",
    }
    assert file_facts([STILL], CARD) == {"seed": "7", **shared}
    between = {"start": "7", "end": "8", "t": "0.25", "method": "lerp"}
    assert file_facts([FRAME], CARD) == {**between, **shared}


def test_a_file_with_several_pictures_lists_what_differs() -> None:
    """Under the plural; labels may hold spaces."""
    others = [STILL, replace(STILL, point=point_of(8), label="a dog")]
    facts = file_facts(others, CARD)

    assert (facts["seeds"], facts["labels"], facts["model"]) == ("7 8", "cat a%20dog", "m@1")
    assert file_facts([STILL, STILL], CARD)["seeds"] == "7 7"
    assert file_facts([STILL, STILL], CARD)["label"] == "cat"


@pytest.mark.parametrize(
    ("labels", "header"),
    [((None, None), None), (("cat", "cat"), "cat"), (("cat", "top, or so"), "cat,top%2C or so")],
)
def test_headers_and_log_tell_the_same(labels: tuple[str | None, ...], header: str | None) -> None:
    """A label that all pictures share appears once; numbers stay numbers in the log."""
    recipes = [
        Recipe("m@1", point_of(seed), 64, label) for seed, label in zip((7, 8), labels, strict=True)
    ]
    headers, fields = header_facts(recipes, CARD), log_facts(recipes, CARD)

    assert headers.get("X-Label") == fields.get("label") == header
    assert headers["X-Seed"] == fields["seed"] == "7,8"
    assert headers["X-Model"] == fields["model"] == "m@1"
    assert (headers["X-Resolution"], fields["resolution"]) == ("64", 64)


def test_a_card_without_licence_or_credit_says_nothing_of_them() -> None:
    """An empty word would claim something."""
    card = replace(CARD, licence="", data=Data("none", "", "", 0))

    assert {"licence", "credit"}.isdisjoint(file_facts([STILL], card))


def test_names_of_facts_differ_and_a_header_has_one_value() -> None:
    """A seed and the first of two seeds have one header, and no picture has both."""
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    for recipe in (STILL, FRAME):
        present = [fact.header for fact in FACTS if fact.header and fact.read(recipe, CARD)]
        assert len(set(present)) == len(present)


def test_without_watermarks_nothing_is_said_of_them() -> None:
    """Addresses, headers and files are those of before."""
    plain = replace(STILL, watermark=None)

    assert "watermark" not in address_of(plain, CARD, "png")
    assert "watermark" not in file_facts([plain], CARD)
    assert "X-Watermark" not in header_facts([plain], CARD)


def test_a_picture_too_small_for_a_watermark_says_so() -> None:
    """Where watermarks are on."""
    small = replace(STILL, watermark="none")

    assert header_facts([small], CARD)["X-Watermark"] == "none"
    assert log_facts([small], CARD)["watermark"] == "none"


def test_pictures_of_sixteen_bits_say_what_their_pixels_stand_for() -> None:
    """In the file, headers and log; a model of another range has other files and ETags."""
    deep = card_named("m", channels=1, value_range=(-1024.0, 3071.5))
    wider = card_named("m", channels=1, value_range=(-1024.0, 4095.0))
    own = {"bit_depth": "16", "value_low": "-1024", "value_high": "3071.5"}

    assert value_facts(deep) == own
    assert own.items() <= file_facts([STILL], deep).items()
    assert {"X-Bit-Depth": "16", "X-Value-Low": "-1024", "X-Value-High": "3071.5"}.items() <= (
        header_facts([STILL, STILL], deep).items()
    )
    assert log_facts([STILL], deep)["value_high"] == "3071.5"
    files = [file_facts([STILL], card) for card in (deep, wider)]
    assert len({etag_of([STILL], MODE, "png", facts, None) for facts in files}) == 2
    assert value_facts(CARD) == {}
    assert own.keys().isdisjoint(file_facts([STILL], CARD))


def test_a_translated_picture_states_its_source_and_its_domain() -> None:
    """In place of a seed and a class; an upload is told by its digest alone."""
    recipe = Recipe("m@1", point_of(0), 64, "dog", source=SourcePicture("ab" * 32, b"pixels"))
    facts = file_facts([recipe], CARD)

    assert (facts["source_sha256"], facts["to"]) == ("ab" * 32, "dog")
    assert not {"seed", "start", "label"} & set(facts)
    assert header_facts([recipe], CARD)["X-Source-SHA256"] == "ab" * 32
    assert "pixels" not in repr(recipe)
