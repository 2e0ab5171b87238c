"""Signing of finished files: the manifest is made, signed and embedded by the C2PA library.

Owns the order of these steps and the choice between signatures that repeat and signatures that do
not. Knows neither settings nor how files are encoded.
"""

from __future__ import annotations

import io
import logging
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from service.credentials.embedding import replace_store
from service.credentials.identity import SigningIdentity
from service.credentials.labels import CONTAINERS
from service.credentials.manifest import LAYOUT, manifest_definition
from service.credentials.repeatable import without_chance
from service.errors import ServiceError
from service.media.provenance import Facts

if TYPE_CHECKING:
    from c2pa import Context, Signer

LIBRARY: Final = "c2pa-python"
SIGNING_RETRY_S: Final = 10
SETTINGS: Final = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}

log = logging.getLogger(__name__)


class SigningFailed(ServiceError):
    """A file could not be signed: its key, its time-stamp authority or the library failed."""

    status = 503
    kind = "signing-failed"
    title = "The file could not be signed"


class FileSigner:
    """Signs files of one service; may be called from many threads at once.

    Args:
        identity: chain and key.
        timestamp_url: address of a time-stamp authority (RFC 3161), or None.

    Attributes:
        is_repeatable: True if equal files become equal bytes, in every process with this key.
        version: changes whenever the same file may become other bytes.
    """

    def __init__(self, identity: SigningIdentity, timestamp_url: str | None = None) -> None:
        self.identity = identity
        self.is_repeatable = identity.repeatable and timestamp_url is None
        self.version = f"c2pa {LAYOUT} {version(LIBRARY)} {identity.fingerprint} {timestamp_url}"
        self._timestamp_url = timestamp_url
        # The library signs with a key that is thrown away, and the final bytes are signed with the
        # real one. A time stamp is of the library's own signature, and RSA's signatures never
        # repeat: these the library makes itself.
        self._signs_again = timestamp_url is None and identity.algorithm.name != "PS256"
        self._library: tuple[Context, Signer] | None = None
        self._opening = threading.Lock()

    def sign(self, content: bytes, media_type: str, facts: Facts) -> bytes:
        """Return the file with Content Credentials.

        Args:
            content: the file.
            media_type: its media type, a key of `CONTAINERS`.
            facts: facts of its pictures.

        Raises:
            SigningFailed: the key, the time-stamp authority or the library failed.
        """
        from c2pa import Builder  # noqa: PLC0415 - loads a library of 23 MB

        container = CONTAINERS[media_type]
        definition = manifest_definition(content, facts, self.identity.fingerprint)
        context, signer = self._opened()
        signed = io.BytesIO()
        try:
            with Builder.from_json(definition, context) as builder:
                manifest = builder.sign(signer, container, io.BytesIO(content), signed)
            if not self._signs_again:
                return signed.getvalue()
            length = self.identity.algorithm.signature_bytes
            final = without_chance(manifest, length, self.identity.sign)
            return replace_store(signed.getvalue(), container, manifest, final)
        except Exception as error:  # the operator's function may raise anything
            log.exception("a file could not be signed")
            detail = "Content Credentials could not be signed; the server's log has the reason"
            raise SigningFailed(detail, retry_after_s=SIGNING_RETRY_S) from error

    def _opened(self) -> tuple[Context, Signer]:
        """Return the library's objects; they are made at the first call."""
        with self._opening:
            if self._library is None:
                self._library = self._open()
            return self._library

    def _open(self) -> tuple[Context, Signer]:
        from c2pa import (  # noqa: PLC0415 - as above
            C2paSignerInfo,
            C2paSigningAlg,
            Context,
            Signer,
        )

        chain, algorithm = self.identity.chain, self.identity.algorithm
        kind = C2paSigningAlg[algorithm.name.upper()]
        if self._signs_again:
            key = algorithm.any_key()
            signer = Signer.from_info(C2paSignerInfo(kind, chain.encode(), key, None))
        else:
            signer = Signer.from_callback(self.identity.sign, kind, chain, self._timestamp_url)
        return Context.from_dict(SETTINGS), signer
