"""API keys: authentication of clients, if the service requires it.

Owns the digests of the keys and the comparison. The keys themselves are not kept; `app` lists the
routes that require one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from service.errors import KeyMissing, KeyWrong

BEARER = "bearer "
REFERENCE = re.compile(r"\$\{\w+\}|(^|,)\s*\$\w+\s*(,|$)")
KEY = re.compile(r"[!#-&(-:<-_a-~]+")  # visible ASCII without comma, quotes and semicolon


def digest_of(key: str) -> bytes:
    """The SHA-256 of a key; the key itself is not kept."""
    return hashlib.sha256(key.encode()).digest()


def digests_of(text: str) -> tuple[bytes, ...]:
    """The digests of comma-separated keys; empty for an empty text.

    Raises:
        ValueError: there are only commas, or a key has characters that some clients cannot send.
    """
    keys = [key for part in text.split(",") if (key := part.strip())]
    if text and not keys:  # else the service would be open to all
        raise ValueError("there is no key between the commas: leave it empty for none")
    if REFERENCE.search(text):  # anyone could guess a name that was never replaced
        raise ValueError("a key refers to a variable, ${NAME}, that was not replaced: set it")
    if text.startswith(("[", "{")) or not all(KEY.fullmatch(key) for key in keys):
        raise ValueError(
            "write the keys alone, with commas between them; a key is visible ASCII, "
            "without spaces, quotes and ';'"
        )
    return tuple(digest_of(key) for key in keys)


def key_in(headers: Headers) -> str | None:
    """The key that a client sent, as `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith(BEARER):
        return authorization[len(BEARER) :].strip()
    return headers.get("x-api-key")


class KeyRing:
    """The accepted keys; without keys the service is open to all.

    Args:
        digests: SHA-256 of each accepted key.
    """

    def __init__(self, digests: Iterable[bytes]) -> None:
        self._digests = tuple(digests)

    @property
    def open_to_all(self) -> bool:
        """True if the service has no keys and requires none."""
        return not self._digests

    def require(self, headers: Headers) -> bytes | None:
        """The digest of the client's key, or None if no key is required.

        Raises:
            KeyMissing: the client sent no key.
            KeyWrong: the key is not accepted.
        """
        if not self._digests:
            return None
        key = key_in(headers)
        if key is None:
            raise KeyMissing("send a key, as Authorization: Bearer KEY or as X-API-Key: KEY")
        for digest in _digests_of_header(key):
            # Every key is compared, in constant time, so that the duration reveals nothing.
            if any([hmac.compare_digest(digest, known) for known in self._digests]):  # noqa: C419 - a generator would stop at the first match
                return digest
        raise KeyWrong("this key is not one of the service's: ask its operator for one")


def _digests_of_header(key: str) -> list[bytes]:
    """The digests of a key for both encodings that clients use in headers: UTF-8 and Latin-1.

    Args:
        key: header value as decoded by Starlette, one character per byte.
    """
    return [hashlib.sha256(key.encode("latin-1")).digest(), digest_of(key)]
