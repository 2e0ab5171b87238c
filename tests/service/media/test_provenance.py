"""Facts as XMP, EXIF and a line, also when they hold what files cannot."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.media.animation import MOVING_FORMATS, animate
from service.media.encoding import FORMATS, encode
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


# ----------------------------------------------------------------------------------------
# Other readers: what they say of a file of each format


FULL = {**FACTS, "licence": "CC BY 4.0", "credit": "Ünï, Œuvre & <Co>"}
FILES = sorted([*(f"still.{name}" for name in FORMATS), *(f"moving.{n}" for n in MOVING_FORMATS)])


@pytest.fixture(scope="module", params=[1, 3, 4], ids=["gray", "RGB", "RGBA"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each format."""
    folder = tmp_path_factory.mktemp("files")
    noise = np.random.default_rng(0).integers(0, 256, (4, 33, 35, request.param), np.uint8)
    frames = [*noise.repeat(2, axis=1).repeat(2, axis=2)]
    for name in FORMATS:
        (folder / f"still.{name}").write_bytes(encode(frames[0], name, FULL))
    for name in MOVING_FORMATS:
        (folder / f"moving.{name}").write_bytes(animate(frames, name, 24, True, FULL))
    return folder


def run(*command: str | Path) -> str:
    """What a program says, on both of its streams."""
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout.strip()


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_finds_no_fault(files: Path) -> None:
    """Neither in a container nor in EXIF or XMP, and it reads what made each file."""
    text = run("exiftool", "-q", "-json", "-validate", "-a", "-all", files)
    told = json.loads(text, strict=False)  # an old exiftool leaves control characters as they are
    verdicts = {entry["FileName"]: entry["Validate"] for entry in told}

    assert verdicts == dict.fromkeys(FILES, "OK")
    assert all("Progan 1" in str(entry) for entry in told)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith("webp")])
@pytest.mark.skipif(shutil.which("webpinfo") is None, reason="webpinfo is not installed")
def test_webpinfo_finds_no_fault(files: Path, name: str) -> None:
    """It is the reader of the format's own library."""
    assert "No error detected." in run("webpinfo", files / name)
    assert "arning" not in run("webpinfo", files / name)


@pytest.mark.parametrize("name", [name for name in FILES if name != "moving.webp"])
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_ffprobe_finds_no_fault(files: Path, name: str) -> None:
    """It says nothing but which chunks of WebP it does not know; its animations it cannot read."""
    said = run("ffprobe", "-v", "warning", files / name).splitlines()
    other = [line for line in said if "unsupported chunk" not in line and "repeated" not in line]

    assert other == []


@pytest.mark.parametrize("name", FILES)
def test_metadata_stands_as_its_container_wants_it(files: Path, name: str) -> None:
    """EXIF in WebP begins with the TIFF header, in JPEG with a mark before it; XMP is XML."""
    data = (files / name).read_bytes()
    chunks = dict(webp_chunks(data)) if name.endswith("webp") else {}
    if exif := chunks.get(b"EXIF"):
        assert exif[:4] in (b"II*\0", b"MM\0*")
    if name.endswith("jpeg"):
        assert b"Exif\0\0MM\0*" in data or b"Exif\0\0II*\0" in data
    if not name.endswith("gif"):
        begin, end = data.index(b"<x:xmpmeta"), data.index(b"</x:xmpmeta>") + 12
        ET.fromstring(data[begin:end])
    if not name.endswith("mp4"):
        with Image.open(files / name) as picture:
            assert getattr(picture, "n_frames", 1) == (1 if name.startswith("still") else 4)
            picture.load()


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk of a WebP file, which together are the whole of it."""
    assert len(data) == int.from_bytes(data[4:8], "little") + 8
    place = 12
    while place < len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    assert place == len(data)
