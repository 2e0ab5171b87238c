"""The facts of a picture in the words of file formats: XMP, EXIF, and a line of text.

Every file says which seed and model made it, and that it was made by a trained algorithm (IPTC
digital source type), so that people and software can tell. Knows no pixel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from PIL import Image

Facts = Mapping[str, str]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

EXIF_IMAGE_DESCRIPTION = 0x010E
EXIF_SOFTWARE = 0x0131

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:progan="urn:progan:facts#"
 Iptc4xmpExt:DigitalSourceType="{source_type}"
{lines}/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def checked_facts(facts: Facts) -> dict[str, str]:
    """The facts in order of name, with characters that no file may hold replaced by `?`.

    Args:
        facts: usually `seed`, `model` (name@digest), `resolution` and `software`.

    Raises:
        ValueError: a name that is not lower-case letters, digits and `_`.

    """
    for name in facts:
        if not _NAME.fullmatch(name):
            raise ValueError(f"fact {name!r}: use lower-case letters, digits and '_' as a name")
    return {name: _NOT_IN_XML.sub("?", facts[name]) for name in sorted(facts)}


def xmp_packet(facts: Facts) -> bytes:
    """The facts as an XMP packet: the digital source type, the software, and all by name."""
    clean = checked_facts(facts)
    values = {f"progan:{name}": value for name, value in clean.items()}
    if "software" in clean:
        values["xmp:CreatorTool"] = clean["software"]
    lines = "\n".join(f" {name}={quoteattr(value)}" for name, value in values.items())
    return _XMP.format(source_type=SOURCE_TYPE, lines=lines).encode()


def exif_block(facts: Facts) -> bytes:
    """The facts as EXIF: all in the image description, the software in its own tag."""
    exif = Image.Exif()
    exif[EXIF_IMAGE_DESCRIPTION] = one_line(facts)
    exif[EXIF_SOFTWARE] = checked_facts(facts).get("software", "")
    return exif.tobytes()


def one_line(facts: Facts) -> str:
    """The facts as text, `seed=7; model=...`, for formats that hold only a comment."""
    return "; ".join(f"{name}={value}" for name, value in checked_facts(facts).items())
