"""Signature algorithms of C2PA."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service.credentials.algorithms import (
    UnknownKey,
    algorithm_of,
    raw_signature,
    signing_with,
)
from tests.service.credential_chains import Key

KEYS = {
    "Ed25519": Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.fixture(name="key", params=KEYS, scope="module")
def key_of_every_kind(request: pytest.FixtureRequest) -> tuple[str, Key]:
    """A key of each kind that C2PA allows."""
    return request.param, KEYS[request.param]()


def test_a_signature_is_accepted_for_its_data_alone(key: tuple[str, Key]) -> None:
    """Its length is known beforehand."""
    name, private = key
    algorithm = algorithm_of(private.public_key())
    signature = signing_with(private)(b"data")

    assert algorithm.name == name
    assert len(signature) == algorithm.signature_bytes
    assert algorithm.accepts(signature, b"data")
    assert not algorithm.accepts(signature, b"other data")
    assert not algorithm.accepts(bytes(len(signature)), b"data")
    assert not algorithm.accepts(b"", b"data")


def test_signatures_repeat_except_those_of_rsa(key: tuple[str, Key]) -> None:
    """On curves by RFC 6979."""
    name, private = key
    sign = signing_with(private)

    assert (sign(b"data") == sign(b"data")) is (name != "PS256")


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP521R1()])
def test_a_signature_in_asn1_becomes_two_numbers(curve: ec.EllipticCurve) -> None:
    """As services for keys give it; their lengths vary, COSE's do not."""
    private = ec.generate_private_key(curve)
    algorithm = algorithm_of(private.public_key())
    digest = hashes.SHA256() if isinstance(curve, ec.SECP256R1) else hashes.SHA512()

    for number in range(8):
        data = bytes([number])
        raw = raw_signature(private.sign(data, ec.ECDSA(digest)), algorithm)
        assert algorithm.accepts(raw, data)
        assert raw_signature(raw, algorithm) == raw


@pytest.mark.parametrize("name", ["Ed25519", "ES256", "ES384", "ES512"])
def test_any_key_is_of_the_same_kind(name: str) -> None:
    """Its signatures have the length of the real ones."""
    private = load_pem_private_key(algorithm_of(KEYS[name]().public_key()).any_key(), None)

    assert algorithm_of(private.public_key()).name == name


@pytest.mark.parametrize(
    "private",
    [X25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())],
    ids=["X25519", "secp256k1"],
)
def test_other_keys_are_refused(private: X25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
    """With the list of those that are allowed."""
    with pytest.raises(UnknownKey, match="Ed25519, P-256"):
        algorithm_of(private.public_key())
    with pytest.raises(UnknownKey, match="Ed25519, P-256"):
        signing_with(private)
