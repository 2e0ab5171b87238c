"""The manifest store of a file, as the library reads and validates it.

Owns the call of the library and the part of its answer that is reported. Bytes of any kind give a
store, None or `Unreadable`, and nothing is fetched from a network. Knows nothing of reports.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

LONGEST_STORE: Final = 2**22  # characters as JSON
LONGEST_TEXT: Final = 1000  # characters of a text that is reported; a longer one is cut


class Unreadable(Exception):
    """The library cannot read the file or its credentials."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Action(_Lenient):
    """One action of the assertion about actions."""

    digital_source_type: str | None = Field(default=None, alias="digitalSourceType")


class Assertion(_Lenient):
    """One statement."""

    label: str
    data: object = None


class ClaimGenerator(_Lenient):
    """A program that took part in making the claim."""

    name: str = ""
    version: str = ""


class Signature(_Lenient):
    """Names in the certificate, and the time of the time stamp."""

    issuer: str | None = None
    common_name: str | None = None
    time: datetime | None = None


class SignedManifest(_Lenient):
    """A claim with its statements and its signature."""

    assertions: list[Assertion] = Field(default_factory=list[Assertion])
    claim_generator_info: list[ClaimGenerator] = Field(default_factory=list[ClaimGenerator])
    signature_info: Signature = Signature()

    def fields_of(self, label: str) -> dict[str, object]:
        """Return the fields of the first assertion with this label; empty if there is none."""
        data = next((each.data for each in self.assertions if each.label == label), None)
        try:
            return _FIELDS.validate_python(data)
        except ValidationError:
            return {}


class Status(_Lenient):
    """Result of one check."""

    code: str
    explanation: str | None = None


class ManifestStore(_Lenient):
    """All manifests of a file and the result of their validation."""

    active_manifest: str | None = None
    manifests: dict[str, SignedManifest] = Field(default_factory=dict[str, SignedManifest])
    validation_state: str = "Invalid"
    validation_status: list[Status] = Field(default_factory=list[Status])

    @property
    def active(self) -> SignedManifest:
        """The manifest about the file itself; the others are about files it was made from."""
        return self.manifests.get(self.active_manifest or "", SignedManifest())


_FIELDS: Final = TypeAdapter(dict[str, object])
_ACTIONS: Final = TypeAdapter(list[Action])


def actions_in(fields: dict[str, object]) -> list[Action]:
    """Return the actions in the fields of an assertion; none if their form is another."""
    try:
        return _ACTIONS.validate_python(fields.get("actions"))
    except ValidationError:
        return []


def read_store(content: bytes, container: str, trust_anchors: str) -> ManifestStore | None:
    """Read and validate the manifest store of a file.

    Args:
        content: the file.
        container: media type of its container.
        trust_anchors: PEM certificates of trusted roots; empty for none.

    Returns:
        None if the file has none.

    Raises:
        Unreadable: the file or the store is damaged, or the store is too large.
    """
    from c2pa import C2paError, Context, Reader  # noqa: PLC0415 - loads a library of 23 MB

    settings = {
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "trust": {"trust_anchors": trust_anchors} if trust_anchors else {},
    }
    try:
        with Context.from_dict(settings) as context:
            reader = Reader.try_create(container, io.BytesIO(content), context=context)
            if reader is None:
                return None
            with reader:
                text = reader.json()
    except C2paError as error:
        raise Unreadable(bounded_line(str(error))) from error
    if len(text) > LONGEST_STORE:
        raise Unreadable(f"they have {len(text)} characters, up to {LONGEST_STORE} are read")
    try:
        return ManifestStore.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable("their form is not that of C2PA") from error


def bounded_line(text: str) -> str:
    """Return a text on one line and of bounded length."""
    return " ".join(text[: 4 * LONGEST_TEXT].split())[:LONGEST_TEXT]
