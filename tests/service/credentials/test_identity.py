"""Chains and keys, and the faults of both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from service.credentials.identity import (
    IdentityError,
    KeySource,
    checked_chain,
    identity_from_function,
    identity_from_key,
)
from tests.service.credential_chains import NOW, pem_of, signer_chain

KEY = Ed25519PrivateKey.generate()
CHAIN, ROOT = signer_chain(KEY)


def test_an_identity_knows_its_name_its_end_and_its_chain() -> None:
    """The end is that of the certificate that expires first."""
    identity = identity_from_key(checked_chain(CHAIN, NOW), pem_of(KEY), KeySource.FILES)

    assert identity.name == "Tests, Signer of a test"
    assert identity.days_left(NOW) == pytest.approx(90, abs=0.001)  # certificates hold seconds
    assert identity.chain.encode() == CHAIN
    assert identity.repeatable
    assert len(identity.fingerprint) == 64


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (pem_of(Ed25519PrivateKey.generate()), "do not belong together"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "do not belong together"),
        (pem_of(ec.generate_private_key(ec.SECP256K1())), "of another kind: Content Credentials"),
        (
            KEY.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
            ),
            "encrypted: decrypt it",
        ),
        (pem_of(KEY)[:60], "no private key in PEM"),
        (b"", "no private key in PEM"),
        (ROOT, "no private key in PEM"),
    ],
    ids=["other", "other kind", "unknown kind", "encrypted", "cut", "empty", "certificate"],
)
def test_a_key_that_cannot_sign_for_the_chain_is_refused(key: bytes, reason: str) -> None:
    """Before the first picture."""
    with pytest.raises(IdentityError, match=reason):
        identity_from_key(checked_chain(CHAIN, NOW), key, KeySource.FILES)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (b"", "holds no certificates"),
        (pem_of(KEY), "holds no certificates"),
        (CHAIN[:200], "holds no certificates"),
        (ROOT + CHAIN, "did not issue it: begin with the signer's"),
        (signer_chain(KEY, ends=timedelta(hours=-1))[0], "expired at 20"),
        (signer_chain(KEY, starts=timedelta(hours=1))[0], "is the clock right"),
        (
            signer_chain(ec.generate_private_key(ec.SECP256K1()))[0],
            "first certificate has a key of another kind",
        ),
    ],
    ids=["empty", "key", "cut", "order", "expired", "early", "kind"],
)
def test_a_chain_that_proves_nothing_is_refused(chain: bytes, reason: str) -> None:
    """In one sentence that tells what to do."""
    with pytest.raises(IdentityError, match=reason):
        checked_chain(chain, NOW)


def test_a_function_may_sign_in_asn1_and_never_twice_the_same() -> None:
    """As services for keys do; then equal files get other bytes each time, and that is known."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificates = checked_chain(signer_chain(key)[0], NOW)

    identity = identity_from_function(
        certificates, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())), KeySource.FUNCTION
    )

    assert not identity.repeatable
    assert identity.algorithm.accepts(identity.sign(b"data"), b"data")


def test_a_function_that_fails_is_named_with_its_error() -> None:
    """A service for keys that is out of reach, say."""

    def fails(_: bytes) -> bytes:
        raise ConnectionError("no route to the key")

    with pytest.raises(IdentityError, match="ConnectionError: no route to the key"):
        identity_from_function(checked_chain(CHAIN, NOW), fails, KeySource.FUNCTION)
