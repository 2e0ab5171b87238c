"""Facts that the metadata of a file state: the inverse of `media.provenance`.

Owns the reading of XMP, text chunks, EXIF and comments, and the choice where they contradict each
other. Anyone can write metadata: what they state is not proved by it. Knows no models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from service.media.provenance import Facts
from service.uploads.decoding import RawMetadata

NAMESPACE: Final = "{urn:progan:facts#}"
RDF_DESCRIPTION: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
PNG_KEYWORDS: Final = {"Software": "software", "Author": "credit"}
NOT_A_FACT: Final = frozenset(["Copyright", "XML:com.adobe.xmp"])
FACT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
MOST_STATED_FACTS: Final = 64
LONGEST_XMP: Final = 2**18  # bytes
LONGEST_VALUE: Final = 2**14  # characters; 64 seeds and labels have a few thousand


@dataclass(frozen=True)
class StatedFacts:
    """Statements of a file about itself.

    Attributes:
        facts: facts by name; of several values, those of the first source.
        sources: places in the file that have facts, the most exact one first.
        contradictions: names to which two places give different values.
    """

    facts: Facts = field(default_factory=dict[str, str])
    sources: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()


def stated_facts(metadata: RawMetadata) -> StatedFacts:
    """Return the facts in the metadata of a file; empty if there are none of ours."""
    found: dict[str, dict[str, str]] = {
        "XMP": facts_in_xmp(metadata.xmp),
        "PNG text": _facts_in_texts(metadata.texts),
        "EXIF": facts_in_line(metadata.description),
        "comment": facts_in_line(metadata.comment),
    }
    present = {name: facts for name, facts in found.items() if "model" in facts}
    merged: dict[str, str] = {}
    contradictions: set[str] = set()
    for facts in present.values():
        contradictions |= {
            name for name in facts.keys() & merged.keys() if facts[name] != merged[name]
        }
        merged = facts | merged
    return StatedFacts(merged, tuple(present), tuple(sorted(contradictions)))


def facts_in_xmp(packet: bytes) -> dict[str, str]:
    """Return the facts in an XMP packet; empty if it cannot be read or is too long.

    A document type is refused, so that no entity can be defined that grows without bound.
    """
    if not packet or len(packet) > LONGEST_XMP or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return {}
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError):
        return {}
    attributes = {k: v for each in root.iter(RDF_DESCRIPTION) for k, v in each.attrib.items()}
    return _bounded(
        {k.removeprefix(NAMESPACE): v for k, v in attributes.items() if k.startswith(NAMESPACE)}
    )


def facts_in_line(line: str) -> dict[str, str]:
    """Return the facts in a text such as `model=...; seed=7`; empty if it is of another form.

    A value may itself contain `; `: it ends where the next name begins.
    """
    pairs = re.split(r"(?:^|; )([a-z][a-z0-9_]{0,63})=", line[:LONGEST_VALUE])
    if pairs[0]:
        return {}
    return _bounded(dict(zip(pairs[1::2], pairs[2::2], strict=True)))


def _facts_in_texts(texts: Mapping[str, str]) -> dict[str, str]:
    named = {PNG_KEYWORDS.get(name, name): value for name, value in texts.items()}
    return _bounded({name: v for name, v in named.items() if name not in NOT_A_FACT})


def _bounded(facts: Mapping[str, str]) -> dict[str, str]:
    """Leave out names that are none, and values that are longer than any of ours."""
    fitting = {
        name: value
        for name, value in facts.items()
        if FACT_NAME.fullmatch(name) and len(value) <= LONGEST_VALUE
    }
    return dict(list(fitting.items())[:MOST_STATED_FACTS])
