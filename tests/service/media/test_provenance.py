"""Facts as XMP, EXIF and a line, also when they hold what files cannot."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.media.provenance import (
    EXIF_ARTIST,
    EXIF_COPYRIGHT,
    EXIF_IMAGE_DESCRIPTION,
    EXIF_SOFTWARE,
    SOURCE_TYPE,
    checked_facts,
    exif_block,
    licence_address,
    one_line,
    rights_of,
    xmp_packet,
)

FACTS = {"seed": "7", "model": "fashion-32@abc", "resolution": "32", "software": "Progan 1"}


def description(packet: bytes) -> dict[str, str]:
    """The properties in an XMP packet, by their full name."""
    found = ET.fromstring(packet).find(
        ".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    assert found is not None
    return dict(found.attrib)


def test_xmp_tells_the_source_type_and_every_fact() -> None:
    """The packet is XML that declares the picture to come from a trained algorithm."""
    properties = description(xmp_packet(FACTS))

    source = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert properties[source] == SOURCE_TYPE
    assert properties["{urn:progan:facts#}seed"] == "7"
    assert properties["{urn:progan:facts#}model"] == "fashion-32@abc"
    assert properties["{http://ns.adobe.com/xap/1.0/}CreatorTool"] == "Progan 1"


@given(st.text())
def test_any_text_makes_well_formed_xmp(text: str) -> None:
    """Quotes, markup, control characters and lone surrogates never break the packet."""
    properties = description(xmp_packet({"seed": text, "licence": text, "credit": text}))

    assert "{urn:progan:facts#}seed" in properties


def test_exif_holds_the_facts_and_the_software() -> None:
    """An independent reader finds both tags."""
    exif = Image.Exif()
    exif.load(exif_block(FACTS))

    assert exif[EXIF_SOFTWARE] == "Progan 1"
    assert exif[EXIF_IMAGE_DESCRIPTION] == one_line(FACTS)


LICENSED = {**FACTS, "licence": "CC BY 4.0", "credit": "Remix of „Personas” by <Draftbit> & Söhne"}
RIGHTS = "Remix of „Personas” by <Draftbit> & Söhne. Licence: CC BY 4.0"


def items(packet: bytes, name: str) -> list[str | None]:
    """The items of a list in an XMP packet."""
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    return [item.text for item in ET.fromstring(packet).findall(f".//{name}//{rdf}li")]


def test_xmp_tells_credit_and_licence_where_others_look_for_them() -> None:
    """Dublin Core and the rights schema of XMP, with the address of the licence."""
    packet = xmp_packet(LICENSED)
    properties = description(packet)
    rights = "{http://ns.adobe.com/xap/1.0/rights/}"

    assert items(packet, "{http://purl.org/dc/elements/1.1/}rights") == [RIGHTS]
    assert items(packet, "{http://purl.org/dc/elements/1.1/}creator") == [LICENSED["credit"]]
    assert items(packet, f"{rights}UsageTerms") == ["CC BY 4.0"]
    assert properties[f"{rights}Marked"] == "True"
    assert properties[f"{rights}WebStatement"] == "https://creativecommons.org/licenses/by/4.0/"


def test_exif_tells_credit_and_licence_whatever_letters_they_have() -> None:
    """In UTF-8, as exiftool reads them."""
    block = exif_block(LICENSED)

    assert RIGHTS.encode() in block
    exif = Image.Exif()
    exif.load(block)
    assert {EXIF_COPYRIGHT, EXIF_ARTIST} <= set(exif)


def test_without_licence_and_credit_nothing_is_claimed() -> None:
    """Neither marked nor empty."""
    assert rights_of(FACTS) == ""
    assert b"xmpRights:Marked" not in xmp_packet(FACTS)
    exif = Image.Exif()
    exif.load(exif_block(FACTS))
    assert EXIF_COPYRIGHT not in exif


@pytest.mark.parametrize(
    ("licence", "address"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC-BY-NC-SA-3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("MIT", None),
        ("", None),
    ],
)
def test_a_licence_of_creative_commons_has_an_address(licence: str, address: str | None) -> None:
    """Of others nothing is guessed."""
    assert licence_address(licence) == address


def test_the_order_of_facts_does_not_matter() -> None:
    """The same facts in another order give the same bytes."""
    backwards = dict(reversed(FACTS.items()))

    assert xmp_packet(backwards) == xmp_packet(FACTS)
    assert exif_block(backwards) == exif_block(FACTS)


@pytest.mark.parametrize("name", ["Seed", "a b", "", "x" * 65, "xml:lang"])
def test_a_fact_needs_a_plain_name(name: str) -> None:
    """A name that could not be an XML attribute is refused."""
    with pytest.raises(ValueError, match="lower-case"):
        checked_facts({name: "1"})
