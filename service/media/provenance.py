"""Provenance metadata of a picture for file formats: XMP, EXIF, and a line of text.

Every file states its seed and model, that it was made by a trained algorithm (IPTC digital source
type), its licence and its credit, for people and for software. Knows no pixels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from service.batching.recipe import SOURCE_FACT

Facts = Mapping[str, str]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# Of a picture that a trained algorithm made from another one, an upload.
COMPOSITE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)

EXIF_IMAGE_DESCRIPTION = 0x010E
EXIF_SOFTWARE = 0x0131
EXIF_ARTIST = 0x013B
EXIF_COPYRIGHT = 0x8298
# Tags that the Exif standard (version 3.0, section 4.6.8) requires of a JPEG: 72 dots per inch, the
# value for an unknown resolution, and centred chroma samples.
EXIF_REQUIRED = {0x011A: 72.0, 0x011B: 72.0, 0x0128: 2, 0x0213: 1}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CREATIVE_COMMONS = re.compile(r"CC[ -](BY(?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)", re.IGNORECASE)

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:progan="urn:progan:facts#"
 Iptc4xmpExt:DigitalSourceType="{source_type}"
{lines}>{elements}
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def checked_facts(facts: Facts) -> dict[str, str]:
    """Return the facts sorted by name; characters that XML does not allow become `?`.

    Args:
        facts: usually `seed`, `model` (name@digest), `resolution`, `licence`, `credit`, `software`.

    Raises:
        ValueError: a name does not consist of lower-case letters, digits and `_`.

    """
    for name in facts:
        if not _NAME.fullmatch(name):
            raise ValueError(f"fact {name!r}: use lower-case letters, digits and '_' as a name")
    return {name: _NOT_IN_XML.sub("?", facts[name]) for name in sorted(facts)}


def source_type_of(facts: Facts) -> str:
    """Return the IPTC digital source type of a picture with these facts."""
    return COMPOSITE_TYPE if SOURCE_FACT in facts else SOURCE_TYPE


def rights_of(facts: Facts) -> str:
    """Return credit and licence as one text for copyright fields; empty if both are missing."""
    return _rights_in(checked_facts(facts))


def _rights_in(clean: Facts) -> str:
    licence = clean.get("licence", "")
    return ". ".join(
        part for part in (clean.get("credit", ""), licence and f"Licence: {licence}") if part
    )


def licence_address(licence: str) -> str | None:
    """Return the URL of a Creative Commons licence; None for other licences."""
    if found := _CREATIVE_COMMONS.search(licence):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    is_public = re.search(r"\bCC0\b", licence)
    return "https://creativecommons.org/publicdomain/zero/1.0/" if is_public else None


def xmp_packet(facts: Facts) -> bytes:
    """Return an XMP packet: digital source type, software and rights, and all facts by name."""
    clean = checked_facts(facts)
    values = {f"progan:{name}": value for name, value in clean.items()}
    if "software" in clean:
        values["xmp:CreatorTool"] = clean["software"]
    elements = ""
    if "licence" in clean:
        values["xmpRights:Marked"] = "True"
        if address := licence_address(clean["licence"]):
            values["xmpRights:WebStatement"] = address
        elements += _element("xmpRights:UsageTerms", "Alt", clean["licence"])
    if rights := _rights_in(clean):
        elements += _element("dc:rights", "Alt", rights)
    if "credit" in clean:
        elements += _element("dc:creator", "Seq", clean["credit"])
    lines = "\n".join(f" {name}={quoteattr(value)}" for name, value in values.items())
    return _XMP.format(source_type=source_type_of(facts), lines=lines, elements=elements).encode()


def exif_block(facts: Facts) -> bytes:
    """Return EXIF: all facts in the image description; software and rights also in own tags."""
    clean = checked_facts(facts)
    texts = {
        EXIF_IMAGE_DESCRIPTION: one_line(facts),
        EXIF_SOFTWARE: clean.get("software", ""),
        EXIF_ARTIST: clean.get("credit", ""),
        EXIF_COPYRIGHT: _rights_in(clean),
    }
    exif = Image.Exif()
    exif.update(EXIF_REQUIRED)
    for tag, text in texts.items():
        if text:
            exif[tag] = text.encode()  # UTF-8, as the Metadata Working Group recommends
    return exif.tobytes()


def one_line(facts: Facts) -> str:
    """Return the facts as text, `seed=7; model=...`, for formats that have only a comment."""
    return "; ".join(f"{name}={value}" for name, value in checked_facts(facts).items())


def _element(name: str, container: str, text: str) -> str:
    """Return a list property of XMP: of languages (`Alt`) or of ordered people (`Seq`)."""
    language = ' xml:lang="x-default"' if container == "Alt" else ""
    item = f"<rdf:li{language}>{escape(text)}</rdf:li>"
    return f"\n<{name}><rdf:{container}>{item}</rdf:{container}></{name}>"
