"""Facts come back from metadata as they were written, whoever wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS
from service.media.provenance import checked_facts, one_line, xmp_packet
from service.uploads.decoding import RawMetadata, decode, open_upload
from service.verification.stated_facts import facts_in_line, facts_in_xmp, stated_facts
from tests.service.pictures import FACTS, painted, walk

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@pytest.mark.parametrize("name", FORMATS)
def test_facts_of_a_picture_come_back(name: str) -> None:
    """From each format, also what is not ASCII."""
    facts = FACTS | {"label": "Größe 2", "credit": "Ada; Lovelace = 鍵"}
    file = FORMATS[name].write(painted(8), facts)
    found = stated_facts(decode(open_upload(file, 2**20)).metadata)

    assert found.facts == facts
    assert found.sources[0] == "XMP"
    assert found.contradictions == ()


@pytest.mark.parametrize("name", ["webp", "gif", "png"])
def test_facts_of_an_animation_come_back(name: str) -> None:
    """From a comment, where a format has nothing else."""
    file = MOVING_FORMATS[name].write(walk(8), 24, True, FACTS)

    assert stated_facts(decode(open_upload(file, 2**20)).metadata).facts == FACTS


@given(st.dictionaries(NAMES, PLAIN, max_size=8))
def test_an_xmp_packet_gives_all_facts(facts: dict[str, str]) -> None:
    """Of any names and values, but for white space that XML folds."""
    assert facts_in_xmp(xmp_packet(facts)) == checked_facts(facts)


def test_a_value_in_a_line_may_contain_what_separates_values() -> None:
    """It ends where the next name begins."""
    facts = {"credit": "A; B = C; 7=8", "model": "m@1", "seed": "7"}

    assert facts_in_line(one_line(facts)) == facts
    assert facts_in_line("a photograph of model=x") == {}


def test_places_that_contradict_each_other_are_named() -> None:
    """XMP has precedence; a place without a model is no place of ours."""
    found = stated_facts(
        RawMetadata(
            texts={"seed": "8", "model": "m@1", "Comment": "x"},
            xmp=xmp_packet({"seed": "7", "model": "m@1"}),
            description="seed=9",
        )
    )

    assert found.facts["seed"] == "7"
    assert found.sources == ("XMP", "PNG text")
    assert found.contradictions == ("seed",)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x",
        b"\xff\xfe\x00",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + xmp_packet(FACTS),
        xmp_packet(FACTS) + b" " * 2**18,
    ],
)
def test_a_hostile_packet_has_no_facts(packet: bytes) -> None:
    """Damaged, endless, or with entities that grow."""
    assert facts_in_xmp(packet) == {}
