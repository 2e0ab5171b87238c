"""Content Credentials of a file: who signed it, what it says, and if both are unchanged.

Owns the report about one file. Files of strangers may be read: bytes of any kind give a report, and
nothing is fetched from a network. Knows neither routes nor our key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography.x509 import load_pem_x509_certificates

from service.credentials.labels import ACTIONS, CONTAINERS, FACTS_ASSERTION, FACTS_PREFIX
from service.credentials.manifest_store import (
    ManifestStore,
    Status,
    Unreadable,
    actions_in,
    bounded_line,
    read_store,
)

LARGEST_FILE: Final = 2**26  # bytes
MOST_FACTS: Final = 64
MOST_FAILURES: Final = 16
MARK: Final = b"c2pa"  # label of every manifest store

# Failure codes of the C2PA specification (section "Validation status codes"), in words.
MEANINGS: Final = {
    "assertion.dataHash.mismatch": "the file was changed after it was signed",
    "assertion.bmffHash.mismatch": "the file was changed after it was signed",
    "assertion.hashedURI.mismatch": "a statement was changed after it was signed",
    "assertion.missing": "a signed statement is missing",
    "assertion.undeclared": "a statement was added after the file was signed",
    "claim.hardBindings.missing": "the credentials do not say to which file they belong",
    "claimSignature.mismatch": "the signature does not fit the credentials",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "the certificate was not valid when the file was signed",
    "signingCredential.expired": "the certificate has expired, and no time stamp proves that the "
    "file was signed before",
    "signingCredential.invalid": "the certificate may not sign Content Credentials",
    "signingCredential.untrusted": "the certificate leads to none of the trusted roots",
}


class CredentialState(StrEnum):
    """Result of reading a file.

    Attributes:
        NONE: it has no credentials, or is no file that could have some.
        INVALID: it has some, and they are damaged or do not fit the file.
        VALID: file and credentials are unchanged; the signer is not known to be trusted.
        TRUSTED: as `VALID`, and the signer's certificate leads to a trusted root.
    """

    NONE = "none"
    INVALID = "invalid"
    VALID = "valid"
    TRUSTED = "trusted"


@dataclass(frozen=True)
class CredentialReport:
    """Statements in the credentials of a file; if `state` is invalid, anyone may have written them.

    Attributes:
        signer: organisation and name in the certificate; None if it has none.
        signed_at: time stamp of an authority; None without one.
        generator: programs that made the claim, with their versions.
        source_type: IPTC digital source type of the file's creation, a URL.
        facts: facts of the picture by name, as in our other metadata; empty in files of others.
        failures: what is wrong, in words.
    """

    state: CredentialState
    signer: str | None = None
    signed_at: datetime | None = None
    generator: str | None = None
    source_type: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    failures: tuple[str, ...] = ()


def read_credentials(content: bytes, media_type: str, trust_anchors: str = "") -> CredentialReport:
    """Read and check the Content Credentials of a file.

    Args:
        content: the file, up to `LARGEST_FILE` bytes.
        media_type: as its sender states it. The bytes decide; it is named if they are of no kind
            that is read.
        trust_anchors: PEM certificates of trusted roots, one after another; empty for none.

    Raises:
        ValueError: the file is too large, or `trust_anchors` are no certificates.
    """
    if len(content) > LARGEST_FILE:
        raise ValueError(f"the file has {len(content)} bytes; up to {LARGEST_FILE} are read")
    if trust_anchors:
        load_pem_x509_certificates(trust_anchors.encode())
    if (container := container_of(content)) is None:
        kinds = ", ".join(CONTAINERS)
        return _none(f"a file of type {bounded_line(media_type)!r} is not read, only {kinds}")
    try:
        store = read_store(content, container, trust_anchors)
    except Unreadable as error:
        if MARK not in content:
            return _none(f"this is no whole file of type {container}: {error}")
        failure = f"the credentials cannot be read: {error}"
        return CredentialReport(CredentialState.INVALID, failures=(failure,))
    return CredentialReport(CredentialState.NONE) if store is None else _report_on(store)


def container_of(content: bytes) -> str | None:
    """Return the media type of a file by its first bytes; None if it cannot carry credentials."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "video/mp4" if content[4:8] == b"ftyp" else None


def _report_on(store: ManifestStore) -> CredentialReport:
    manifest, signature = store.active, store.active.signature_info
    names = [name for name in (signature.issuer, signature.common_name) if name]
    programs = [f"{each.name} {each.version}".strip() for each in manifest.claim_generator_info]
    sources = [each.digital_source_type for each in actions_in(manifest.fields_of(ACTIONS))]
    failures = dict.fromkeys(map(_in_words, store.validation_status))
    return CredentialReport(
        state=_STATES.get(store.validation_state, CredentialState.INVALID),
        signer=bounded_line(", ".join(names)) or None,
        signed_at=signature.time,
        generator=bounded_line(", ".join(programs)) or None,
        source_type=next((bounded_line(source) for source in sources if source), None),
        facts=_facts(manifest.fields_of(FACTS_ASSERTION)),
        failures=tuple(failures)[:MOST_FAILURES],
    )


_STATES: Final = {"Valid": CredentialState.VALID, "Trusted": CredentialState.TRUSTED}


def _in_words(status: Status) -> str:
    meaning = MEANINGS.get(status.code)
    return meaning or bounded_line(f"{status.code}: {status.explanation or 'no explanation'}")


def _facts(fields: dict[str, object]) -> dict[str, str]:
    """Return the facts in our own assertion; what has another form is left out."""
    prefix = f"{FACTS_PREFIX}:"
    facts = {
        bounded_line(name.removeprefix(prefix)): bounded_line(value)
        for name, value in fields.items()
        if name.startswith(prefix) and isinstance(value, str)
    }
    return {name: facts[name] for name in sorted(facts)[:MOST_FACTS]}


def _none(why: str) -> CredentialReport:
    return CredentialReport(CredentialState.NONE, failures=(why,))
