"""API keys: authentication of clients, where the service asks for it.

Owns the digests of the keys and the comparison. The keys themselves are forgotten as soon as they
are read; which routes ask for one is said in `app`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from service.errors import KeyMissing, KeyWrong

BEARER = "bearer "
KEY = re.compile(r"[!#-&(-:<-_a-~]+")  # visible ASCII but for quotes and the semicolon


def digest_of(key: str) -> bytes:
    """The SHA-256 of a key, which is all that is kept of it."""
    return hashlib.sha256(key.encode()).digest()


def digests_of(text: str) -> tuple[bytes, ...]:
    """The digests of keys with commas between them; none of an empty text.

    Raises:
        ValueError: there are commas alone, or a key that not every client could send.
    """
    keys = [key for part in text.split(",") if (key := part.strip())]
    if text and not keys:  # rather than to stand open
        raise ValueError("there is no key between the commas: leave it empty for none")
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
    """The accepted keys; without any the service is open.

    Args:
        digests: SHA-256 of each key.
    """

    def __init__(self, digests: Iterable[bytes]) -> None:
        self._digests = tuple(digests)

    @property
    def open_to_all(self) -> bool:
        """True where the service has no keys and asks for none."""
        return not self._digests

    def require(self, headers: Headers) -> bytes | None:
        """The digest of the client's key, or None where no key is needed.

        Raises:
            KeyMissing: the client sent none.
            KeyWrong: it is none of ours.
        """
        if not self._digests:
            return None
        key = key_in(headers)
        if key is None:
            raise KeyMissing("send a key, as Authorization: Bearer KEY or as X-API-Key: KEY")
        for digest in _digests_of_header(key):
            # Every key is compared, in constant time: how long it takes tells nothing.
            if any([hmac.compare_digest(digest, known) for known in self._digests]):  # noqa: C419 - a generator would stop at the first that fits
                return digest
        raise KeyWrong("this key is not one of the service's: ask its operator for one")


def _digests_of_header(key: str) -> list[bytes]:
    """The digests of a key as UTF-8 and as Latin-1: clients encode headers either way.

    Args:
        key: as Starlette decodes headers, a character for each byte.
    """
    return [hashlib.sha256(key.encode("latin-1")).digest(), digest_of(key)]
