"""Signature algorithms of C2PA, and the kind of key that each needs.

Owns signing and checking of raw signatures in the form of COSE (RFC 9053). Knows neither files nor
manifests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Sign = Callable[[bytes], bytes]

SHORTEST_RSA: Final = 2048  # bits, by the C2PA specification
# The curve of a key -> algorithm, hash, bytes of each of the two numbers of a signature.
CURVES: Final = {
    "secp256r1": ("ES256", hashes.SHA256(), 32),
    "secp384r1": ("ES384", hashes.SHA384(), 48),
    "secp521r1": ("ES512", hashes.SHA512(), 66),
}
KEYS_ALLOWED: Final = "Ed25519, P-256, P-384, P-521, or RSA of 2048 bits and more"
PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


class UnknownKey(ValueError):
    """A key of a kind that C2PA does not allow."""


@dataclass(frozen=True)
class Algorithm:
    """A signature algorithm for one public key.

    Attributes:
        name: as in C2PA: `Ed25519`, `ES256`, `PS256` and so on.
        signature_bytes: length of every signature.
    """

    name: str
    signature_bytes: int
    public_key: PublicKeyTypes

    def accepts(self, signature: bytes, data: bytes) -> bool:
        """True if `signature` is one of `data`, made with the private key of this public key."""
        key = self.public_key
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, data)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                half = len(signature) // 2
                numbers = (int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
                der = encode_dss_signature(*numbers)
                key.verify(der, data, ec.ECDSA(CURVES[key.curve.name][1]))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, data, PSS, hashes.SHA256())
            else:
                return False
        except InvalidSignature:
            return False
        return len(signature) == self.signature_bytes

    def any_key(self) -> bytes:
        """Return a new private key of the same kind as PEM; RSA has none, it would take seconds."""
        key = self.public_key
        if isinstance(key, ec.EllipticCurvePublicKey):
            made: Ed25519PrivateKey | ec.EllipticCurvePrivateKey = ec.generate_private_key(
                key.curve
            )
        else:
            made = Ed25519PrivateKey.generate()
        return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def algorithm_of(key: PublicKeyTypes) -> Algorithm:
    """Return the algorithm for a public key.

    Raises:
        UnknownKey: C2PA does not allow keys of this kind.
    """
    if isinstance(key, Ed25519PublicKey):
        return Algorithm("Ed25519", 64, key)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        name, _, half = CURVES[key.curve.name]
        return Algorithm(name, 2 * half, key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA:
        return Algorithm("PS256", (key.key_size + 7) // 8, key)
    raise UnknownKey(f"Content Credentials are signed with {KEYS_ALLOWED}")


def signing_with(key: PrivateKeyTypes) -> Sign:
    """Return a function that signs with a private key; equal data get equal signatures.

    RSA is the exception: its signatures (PSS) contain random bytes.

    Raises:
        UnknownKey: C2PA does not allow keys of this kind.
    """
    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return partial(_sign_on_curve, key)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SHORTEST_RSA:
        return partial(_sign_with_rsa, key)
    raise UnknownKey(f"Content Credentials are signed with {KEYS_ALLOWED}")


def raw_signature(signature: bytes, algorithm: Algorithm) -> bytes:
    """Return a signature in COSE's form; on a curve, services for keys give it in ASN.1."""
    key = algorithm.public_key
    if not isinstance(key, ec.EllipticCurvePublicKey) or (
        len(signature) == algorithm.signature_bytes
    ):
        return signature
    return _two_numbers(signature, CURVES[key.curve.name][2])


def _sign_on_curve(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    _, digest, half = CURVES[key.curve.name]
    der = key.sign(data, ec.ECDSA(digest, deterministic_signing=True))  # RFC 6979
    return _two_numbers(der, half)


def _sign_with_rsa(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    return key.sign(data, PSS, hashes.SHA256())


def _two_numbers(der: bytes, half: int) -> bytes:
    return b"".join(number.to_bytes(half) for number in decode_dss_signature(der))
