"""The identity that signs: a certificate chain, and a function that signs with its key.

Owns the checks of both, with the message for each fault. Knows neither settings nor manifests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from service.credentials.algorithms import (
    Algorithm,
    Sign,
    UnknownKey,
    algorithm_of,
    raw_signature,
    signing_with,
)

PROBE: Final = b"Progan: does this key belong to this certificate?"


class IdentityError(ValueError):
    """A key or a chain that cannot sign; the message states the reason, and contains neither."""


class KeySource(StrEnum):
    """Origin of a key."""

    DEVELOPMENT = "development"
    FILES = "files"
    FUNCTION = "function"


@dataclass(frozen=True)
class SigningIdentity:
    """A certificate chain and its key.

    Attributes:
        certificates: the signer's first, then those that vouch for it, each for the one before.
        algorithm: of the signer's key.
        sign: data -> signature in COSE's form.
        repeatable: True if equal data get equal signatures.
        source: origin of the key.
    """

    certificates: tuple[x509.Certificate, ...]
    algorithm: Algorithm
    sign: Sign
    repeatable: bool
    source: KeySource

    @property
    def chain(self) -> str:
        """All certificates as PEM."""
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in self.certificates)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the chain, in hexadecimal."""
        return hashlib.sha256(self.chain.encode()).hexdigest()

    @property
    def expires_at(self) -> datetime:
        """The time at which the first of the certificates expires."""
        return min(each.not_valid_after_utc for each in self.certificates)

    @property
    def name(self) -> str:
        """Organisation and name of the signer."""
        subject = self.certificates[0].subject
        kinds = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        found = [str(each.value) for kind in kinds for each in subject.get_attributes_for_oid(kind)]
        return ", ".join(found) or subject.rfc4514_string()

    def days_left(self, now: datetime) -> float:
        """Days until it expires; negative afterwards."""
        return (self.expires_at - now) / timedelta(days=1)


def identity_from_key(
    certificates: Sequence[x509.Certificate], key: bytes, source: KeySource
) -> SigningIdentity:
    """Return the identity of checked certificates and a private key as PEM.

    Raises:
        IdentityError: the key is damaged or unfit, or belongs to another certificate.
    """
    try:
        sign = signing_with(load_pem_private_key(key, password=None))
    except TypeError:  # cryptography's error for an encrypted key
        raise IdentityError("the key is encrypted: decrypt it into a file of its own") from None
    except UnknownKey as error:
        raise IdentityError(f"the key is of another kind: {error}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise IdentityError("no private key in PEM is in it: write one as PKCS #8") from None
    return identity_from_function(certificates, sign, source)


def identity_from_function(
    certificates: Sequence[x509.Certificate], sign: Sign, source: KeySource
) -> SigningIdentity:
    """Return the identity of checked certificates and a function; the function is tried.

    Args:
        sign: data -> signature; on a curve, in COSE's form or in ASN.1.

    Raises:
        IdentityError: the function fails, or it signs with another key.
    """
    algorithm = _algorithm(certificates[0])

    def signed(data: bytes) -> bytes:
        return raw_signature(sign(data), algorithm)

    try:
        first, second = signed(PROBE), signed(PROBE)
    except Exception as error:
        raise IdentityError(f"signing failed: {type(error).__name__}: {error}") from error
    if not (algorithm.accepts(first, PROBE) and algorithm.accepts(second, PROBE)):
        raise IdentityError(
            "key and chain do not belong together: the first certificate of the chain must be "
            "the one for this key"
        )
    return SigningIdentity(tuple(certificates), algorithm, signed, first == second, source)


def checked_chain(chain: bytes, now: datetime) -> tuple[x509.Certificate, ...]:
    """Read a chain as PEM.

    Raises:
        IdentityError: it holds no certificates, one is not valid now, or one does not vouch for
            the one before it.
    """
    try:
        certificates = tuple(x509.load_pem_x509_certificates(chain))
    except ValueError:
        raise IdentityError("the chain holds no certificates in PEM") from None
    for certificate in certificates:
        name = certificate.subject.rfc4514_string()
        if now > (end := certificate.not_valid_after_utc):
            raise IdentityError(f"the certificate of {name} expired at {end:%Y-%m-%d %H:%M} UTC")
        if now < (start := certificate.not_valid_before_utc):
            raise IdentityError(
                f"the certificate of {name} is valid from {start:%Y-%m-%d %H:%M} "
                "UTC: is the clock right?"
            )
    for certificate, issuer in pairwise(certificates):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            name = certificate.subject.rfc4514_string()
            raise IdentityError(
                f"the certificate after that of {name} did not issue it: begin "
                "with the signer's, and let its issuers follow in order"
            ) from None
    _algorithm(certificates[0])
    return certificates


def _algorithm(certificate: x509.Certificate) -> Algorithm:
    try:
        return algorithm_of(certificate.public_key())
    except (UnknownKey, UnsupportedAlgorithm, ValueError) as error:
        raise IdentityError(f"the first certificate has a key of another kind: {error}") from None
