"""The key of a watermark, and the random numbers that it determines.

Owns the derivation from text, the public default, and the name that stands for a key in facts and
addresses. Knows neither pixels nor payloads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

WATERMARK_VERSION: Final = 1
UNMARKED: Final = "none"  # name of no watermark: the picture is too small, or has 16 bits
PUBLIC_KEY: Final = "progan public watermark key"  # no secret: anybody may detect it
MIN_KEY_LENGTH: Final = 16  # characters; a short key could be guessed from its name

_SALT: Final = f"progan watermark {WATERMARK_VERSION}".encode()
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}  # RFC 7914; 16 MiB and about 50 ms for each guess


@dataclass(frozen=True)
class WatermarkKey:
    """A key, stretched so that neither name nor pattern allows cheap guesses at its text.

    Attributes:
        secret: 32 bytes.
        name: version alone for the public key, as `1`; else with a fingerprint, as `1-9f3a01bc`.
    """

    secret: bytes = field(repr=False)
    name: str

    def numbers(self, purpose: str, count: int) -> NDArray[np.uint32]:
        """Return `count` uniform 32-bit numbers; another purpose gives independent ones."""
        stream = hashlib.shake_256(purpose.encode() + b"\0" + self.secret).digest(4 * count)
        return np.frombuffer(stream, "<u4").astype(np.uint32)


@cache
def watermark_key(text: str = PUBLIC_KEY) -> WatermarkKey:
    """Return the key of a text.

    Raises:
        ValueError: the text is too short to resist guessing.
    """
    if len(text) < MIN_KEY_LENGTH:
        raise ValueError(
            f"a watermark key has {MIN_KEY_LENGTH} characters or more, not {len(text)}: "
            "write a random one, as `openssl rand -hex 32` prints it"
        )
    secret = hashlib.scrypt(text.encode(), salt=_SALT, dklen=32, **_SCRYPT)
    fingerprint = hashlib.sha256(b"name\0" + secret).hexdigest()[:8]
    version = str(WATERMARK_VERSION)
    return WatermarkKey(secret, version if text == PUBLIC_KEY else f"{version}-{fingerprint}")
