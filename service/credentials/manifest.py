"""The statements that Progan signs about a file, as a manifest definition of the C2PA library.

Owns the choice of assertions and their identifiers. Nothing in it depends on the clock or on
chance, so equal files get equal statements. Knows no key.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Final

from service.batching.recipe import SOURCE_FACT
from service.credentials.labels import (
    ACTIONS,
    FACTS_ASSERTION,
    FACTS_NAMESPACE,
    FACTS_PREFIX,
    RIGHTS_ASSERTION,
)
from service.facts import SOFTWARE
from service.media.provenance import (
    Facts,
    checked_facts,
    licence_address,
    rights_of,
    source_type_of,
)

VERSION: Final = "0.1.0"  # of Progan, as in pyproject.toml
LAYOUT: Final = "1"  # increase whenever the same file may get other statements
RIGHTS_CONTEXT: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}


def manifest_definition(content: bytes, facts: Facts, signer: str) -> str:
    """Return the definition of the manifest for a file, as JSON.

    Args:
        content: the file, unsigned.
        facts: facts of its pictures; `licence` and `credit` are also stated as rights.
        signer: fingerprint of the chain: another signer's manifest has another identifier.

    Raises:
        ValueError: a fact has an unusable name.
    """
    clean = checked_facts(facts)
    digest = hashlib.sha256(b"|".join((signer.encode(), LAYOUT.encode(), content))).digest()
    manifest, instance = (uuid.UUID(bytes=half, version=4) for half in (digest[:16], digest[16:]))
    agent = {"name": SOFTWARE, "version": VERSION}
    assertions = [
        _assertion(ACTIONS, _actions(clean, agent)),
        _assertion(FACTS_ASSERTION, _named(clean), kind="Json"),
    ]
    if rights := _rights(clean):
        assertions.append(_assertion(RIGHTS_ASSERTION, rights, kind="Json"))
    return json.dumps(
        {
            "claim_version": 2,
            "claim_generator_info": [agent],
            "label": f"urn:c2pa:{manifest}",
            "instance_id": f"xmp:iid:{instance}",
            "assertions": assertions,
        }
    )


def _actions(facts: Facts, agent: dict[str, str]) -> dict[str, object]:
    """Return what was done: the picture was created, and if it was translated, edited as well.

    An upload is not kept, so it is no ingredient: the facts have its digest. What was done to it
    before is unknown, so the actions are not all.
    """
    created = {
        "action": "c2pa.created",
        "digitalSourceType": source_type_of(facts),
        "softwareAgent": agent,
    }
    if SOURCE_FACT not in facts:
        return {"actions": [created], "allActionsIncluded": True}
    edited = {
        "action": "c2pa.edited",
        "softwareAgent": agent,
        "description": "Translated by a trained model from an uploaded picture that is not "
        f"enclosed; {FACTS_PREFIX}:{SOURCE_FACT} is the SHA-256 of its file.",
    }
    return {"actions": [created, edited], "allActionsIncluded": False}


def _assertion(label: str, data: object, **more: str) -> dict[str, object]:
    """Return an assertion that the signer makes (`created`), not one that it passes on."""
    return {"label": label, "data": data, "created": True, **more}


def _named(facts: Facts) -> dict[str, object]:
    """Return facts as JSON-LD."""
    values = {f"{FACTS_PREFIX}:{name}": value for name, value in facts.items()}
    return {"@context": {FACTS_PREFIX: FACTS_NAMESPACE}, **values}


def _rights(facts: Facts) -> dict[str, object]:
    """Return licence and credit as JSON-LD in the properties of XMP; empty if there are none."""
    values: dict[str, object] = {}
    if rights := rights_of(facts):
        values["dc:rights"] = rights
    if "credit" in facts:
        values["dc:creator"] = [facts["credit"]]
    if "licence" in facts:
        values["xmpRights:UsageTerms"] = facts["licence"]
        if address := licence_address(facts["licence"]):
            values["xmpRights:WebStatement"] = address
    return {"@context": RIGHTS_CONTEXT, **values} if values else {}
