"""The development chain: a root and a signer of our own, for services without a real certificate.

Owns their creation, their one file and their renewal. Anyone can make such a chain, so it proves
nothing about who signed; its names say so. Knows neither settings nor manifests.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.credentials.algorithms import signing_with
from service.credentials.identity import KeySource, SigningIdentity, identity_from_function
from service.credentials.pem_files import read_pem
from service.env_file import SettingsError

FILE_NAME: Final = "development.pem"
ROOT_NAME: Final = "development-root.pem"
ORGANISATION: Final = "Progan development, not for production"
ROOT_LIFE: Final = timedelta(days=3650)
SIGNER_LIFE: Final = timedelta(days=90)
RENEWED_BEFORE: Final = timedelta(days=30)  # its end
BACKDATED: Final = timedelta(hours=1)  # for readers whose clock is slow
PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
PUBLIC: Final = 0o644
BEGIN: Final = b"-----BEGIN "


@dataclass(frozen=True)
class DevelopmentChain:
    """A root and a signer, each a certificate and its key."""

    root: x509.Certificate
    root_key: Ed25519PrivateKey
    signer: x509.Certificate
    signer_key: Ed25519PrivateKey

    @property
    def identity(self) -> SigningIdentity:
        """The signer; the root stays out of the files, since a reader must have it anyway."""
        sign = signing_with(self.signer_key)
        return identity_from_function([self.signer], sign, KeySource.DEVELOPMENT)

    @property
    def root_pem(self) -> str:
        """Root certificate for readers who want to trust it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    def is_due(self, now: datetime) -> bool:
        """True if the signer should be renewed."""
        return now > self.signer.not_valid_after_utc - RENEWED_BEFORE


def create_chain(now: datetime) -> DevelopmentChain:
    """Create a root and a signer."""
    key = Ed25519PrivateKey.generate()
    name = _name("Progan development root")
    builder = _certificate(name, name, key, now, ROOT_LIFE)
    root = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .sign(key, None)
    )
    return renewed(root, key, now)


def renewed(root: x509.Certificate, root_key: Ed25519PrivateKey, now: datetime) -> DevelopmentChain:
    """Create a signer below a root."""
    key = Ed25519PrivateKey.generate()
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    builder = _certificate(_name("Progan development signer"), root.subject, key, now, SIGNER_LIFE)
    signer = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(issuer, critical=False)
        .sign(root_key, None)
    )
    return DevelopmentChain(root, root_key, signer, key)


def chain_in(folder: Path, now: datetime) -> tuple[DevelopmentChain, OSError | None]:
    """Return the chain of a folder: the one that is there, or a new one, or one that is renewed.

    Several processes may share the folder: the first chain that is written is the chain of all.

    Returns:
        The chain, and the reason if it could not be written: then it lives as long as the process.

    Raises:
        SettingsError: the file in the folder holds something else.
    """
    path = folder / FILE_NAME
    existing = _read(path) if os.path.lexists(path) else None
    if existing is None:
        chain = create_chain(now)
    elif not existing.is_due(now):
        _write_missing_root(folder, existing)
        return existing, None
    elif now > existing.root.not_valid_after_utc - SIGNER_LIFE:
        chain = create_chain(now)
    else:
        chain = renewed(existing.root, existing.root_key, now)
    try:
        _write(path, chain, replace=existing is not None)
    except OSError as error:
        if isinstance(error, FileExistsError) and os.path.lexists(path):
            return _read(path), None
        return chain, error
    return chain, None


def _read(path: Path) -> DevelopmentChain:
    content = read_pem(path, "the development chain")
    try:
        parts = [BEGIN + part for part in content.split(BEGIN)[1:]]
        root, signer = (x509.load_pem_x509_certificate(part) for part in parts[::2])
        root_key, signer_key = (load_pem_private_key(part, None) for part in parts[1::2])
        if not (
            isinstance(root_key, Ed25519PrivateKey) and isinstance(signer_key, Ed25519PrivateKey)
        ):
            raise TypeError("another kind of key")
        signer.verify_directly_issued_by(root)
        chain = DevelopmentChain(root, root_key, signer, signer_key)
        _ = chain.identity  # its key is tried
    except (ValueError, TypeError, InvalidSignature):
        fault = f"{path} holds no development chain: remove it, and a new one is made"
        raise SettingsError([fault]) from None
    return chain


def _write(path: Path, chain: DevelopmentChain, *, replace: bool) -> None:
    """Write a chain and its root as a whole.

    Raises:
        FileExistsError: another process was first.
    """
    path.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    parts: list[bytes] = []
    for certificate, key in ((chain.root, chain.root_key), (chain.signer, chain.signer_key)):
        parts.append(certificate.public_bytes(Encoding.PEM))
        parts.append(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write_whole(path, parts, PRIVATE, replace=replace)
    _write_root(path.parent, chain)


def _write_root(folder: Path, chain: DevelopmentChain) -> None:
    _write_whole(folder / ROOT_NAME, [chain.root_pem.encode()], PUBLIC, replace=True)


def _write_missing_root(folder: Path, chain: DevelopmentChain) -> None:
    """Write the root again if it was removed; where that fails, files are signed all the same."""
    if not (folder / ROOT_NAME).exists():
        with contextlib.suppress(OSError):
            _write_root(folder, chain)


def _write_whole(path: Path, parts: Iterable[bytes], mode: int, *, replace: bool) -> None:
    """Write a file beside its place and move it there; without `replace`, only if none is there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            os.chmod(name, mode)  # noqa: PTH101 - a name, as mkstemp gives it
        if replace:
            os.replace(name, path)  # noqa: PTH105 - the same
        else:
            os.link(name, path)  # fails where there is one already
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - the same


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: Ed25519PrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )
