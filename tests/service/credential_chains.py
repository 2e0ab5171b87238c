"""Chains and signed files for the tests of Content Credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from models.picture import Pixels
from service.credentials.development import DevelopmentChain, create_chain
from service.media.animation import MOVING_FORMATS, animate
from service.media.encoding import FORMATS, encode
from tests.service.pictures import painted

Key = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW: Final = datetime.now(UTC)
FACTS: Final = {
    "seed": "7",
    "model": "personas-256@" + "ab" * 32,
    "resolution": "32",
    "software": "Progan",
    "licence": "CC BY 4.0",
    "credit": "somebody who draws",
}
# A file of every format, by the name of its media type: still pictures, then animations.
STILL: Final = {each.media_type: name for name, each in FORMATS.items()}
MOVING: Final = {f"moving {each.media_type}": name for name, each in MOVING_FORMATS.items()}
EVERY_FILE: Final = (*STILL, *MOVING)


def development_chain() -> DevelopmentChain:
    """A chain that is valid now."""
    return create_chain(NOW)


def file_of(kind: str, pixels: Pixels | None = None) -> tuple[bytes, str]:
    """An unsigned file of a kind in `EVERY_FILE`, and its media type."""
    picture = painted(32) if pixels is None else pixels
    if kind in STILL:
        return encode(picture, STILL[kind], FACTS), kind
    frames = [picture, painted(picture.shape[0], phase=0.3), picture]
    return animate(frames, MOVING[kind], 10, True, FACTS), kind.removeprefix("moving ")


def pem_of(key: Key) -> bytes:
    """A private key as PKCS #8."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signer_chain(
    key: Key,
    *,
    starts: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=90),
    for_signing: bool = True,
) -> tuple[bytes, bytes]:
    """A chain (signer, then root) for a key, and the root alone, as PEM."""
    root_key = Ed25519PrivateKey.generate()
    root_name, name = _name("Root of a test"), _name("Signer of a test")
    usage = ExtendedKeyUsageOID.EMAIL_PROTECTION if for_signing else ExtendedKeyUsageOID.SERVER_AUTH
    root = (
        _begun(root_name, root_name, root_key, timedelta(days=-1), timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, None)
    )
    signer = (
        _begun(name, root_name, key, starts, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, None)
    )
    root_pem = root.public_bytes(Encoding.PEM)
    return signer.public_bytes(Encoding.PEM) + root_pem, root_pem


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: Key, starts: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + starts)
        .not_valid_after(NOW + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
