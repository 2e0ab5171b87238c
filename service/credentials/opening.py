"""The identity that the settings name: key and chain in files, a function, or a development chain.

Owns the order in which they are tried, and the sentence for each fault, which stops the start. No
sentence contains a key. Knows no manifests.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from service.credentials.algorithms import Sign
from service.credentials.development import ROOT_NAME, chain_in
from service.credentials.identity import (
    IdentityError,
    KeySource,
    SigningIdentity,
    checked_chain,
    identity_from_function,
    identity_from_key,
)
from service.credentials.pem_files import read_pem
from service.env_file import SettingsError
from service.settings import Settings, variable_of

KEY_VARIABLE, CHAIN_VARIABLE = variable_of("credentials_key"), variable_of("credentials_chain")
FUNCTION_VARIABLE = variable_of("credentials_function")


@dataclass(frozen=True)
class OpenedIdentity:
    """An identity that can sign.

    Attributes:
        trust_anchors: certificates, as PEM, with which a reader trusts it.
        root_file: file with the root of a development chain; None for other identities, and if the
            chain is in memory alone.
        unwritten: reason why a development chain is in memory alone.
    """

    identity: SigningIdentity
    trust_anchors: str
    root_file: Path | None = None
    unwritten: str | None = None


def open_identity(settings: Settings, now: datetime) -> OpenedIdentity:
    """Return the identity of the settings; a development chain if they name none.

    Raises:
        SettingsError: key, chain or function cannot be used, or do not belong together.
    """
    key, chain, function = (
        settings.credentials_key,
        settings.credentials_chain,
        settings.credentials_function,
    )
    if key and function:
        raise SettingsError(
            [f"{KEY_VARIABLE} and {FUNCTION_VARIABLE} are both set: keep the one that is to sign"]
        )
    if (key or function) and not chain:
        given = KEY_VARIABLE if key else FUNCTION_VARIABLE
        raise SettingsError(
            [f"{given} is set and {CHAIN_VARIABLE} is not: name the chain of its key"]
        )
    if chain and key:
        return _own(CHAIN_VARIABLE, lambda: _from_key(chain, key, now))
    if chain and function:
        return _own(FUNCTION_VARIABLE, lambda: _from_function(chain, function, now))
    if chain:
        fault = f"is set, and neither {KEY_VARIABLE} nor {FUNCTION_VARIABLE}: name its key"
        raise SettingsError([f"{CHAIN_VARIABLE} {fault}"])
    return _development(settings.credentials_folder, now)


def _own(variable: str, open_: Callable[[], SigningIdentity]) -> OpenedIdentity:
    try:
        identity = open_()
    except IdentityError as error:
        raise SettingsError([f"{variable}: {error}"]) from error
    last = identity.certificates[-1].public_bytes(Encoding.PEM).decode()
    return OpenedIdentity(identity, last)


def _from_key(chain: Path, key: Path, now: datetime) -> SigningIdentity:
    certificates = checked_chain(read_pem(chain, CHAIN_VARIABLE), now)
    private = read_pem(key, KEY_VARIABLE)
    try:
        return identity_from_key(certificates, private, KeySource.FILES)
    except IdentityError as error:
        raise SettingsError([f"{KEY_VARIABLE}: {error}"]) from error


def _from_function(chain: Path, function: str, now: datetime) -> SigningIdentity:
    try:
        certificates = checked_chain(read_pem(chain, CHAIN_VARIABLE), now)
    except IdentityError as error:
        raise SettingsError([f"{CHAIN_VARIABLE}: {error}"]) from error
    return identity_from_function(certificates, _imported(function), KeySource.FUNCTION)


def _imported(name: str) -> Sign:
    """Return the function `module:function`."""
    module, _, attribute = name.partition(":")
    try:
        function: object = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise IdentityError(
            f"{name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not callable(function):
        raise IdentityError(f"{name} is no function: name one that takes and returns bytes")

    def sign(data: bytes) -> bytes:
        signature: object = function(data)
        if not isinstance(signature, bytes):
            raise TypeError(f"it returned {type(signature).__name__}, not bytes")
        return signature

    return sign


def _development(folder: Path, now: datetime) -> OpenedIdentity:
    chain, error = chain_in(folder, now)
    unwritten = error and f"{folder.absolute()}: {error.strerror or error}"
    root = None if error else folder.absolute() / ROOT_NAME
    return OpenedIdentity(chain.identity, chain.root_pem, root, unwritten)
