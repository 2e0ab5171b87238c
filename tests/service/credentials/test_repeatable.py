"""Manifests that repeat."""

from __future__ import annotations

import io

import pytest

from service.credentials.repeatable import UnknownLayout, without_chance
from service.credentials.signing import FileSigner
from tests.service.credential_chains import FACTS, development_chain, file_of

LENGTH = 64


def _store() -> bytes:
    """A manifest store as it stands in a signed WebP file."""
    content, media_type = file_of("image/webp")
    signed = FileSigner(development_chain().identity).sign(content, media_type, FACTS)
    start = signed.index(b"C2PA") + 8
    return signed[start : start + int.from_bytes(signed[start - 4 : start], "little")]


def test_signing_again_depends_on_the_key_alone() -> None:
    """The store that is made of a store has the same salts, and another signature."""
    store = _store()

    again = without_chance(store, LENGTH, lambda data: b"x" * LENGTH)

    assert again[:-LENGTH] == store[:-LENGTH]
    assert again[-LENGTH:] == b"x" * LENGTH


def test_the_data_to_sign_are_the_claim_in_the_structure_of_cose() -> None:
    """An array of four: context, protected header, nothing, claim."""
    seen: list[bytes] = []

    def sign(data: bytes) -> bytes:
        seen.append(data)
        return bytes(LENGTH)

    without_chance(_store(), LENGTH, sign)

    (data,) = seen
    assert data.startswith(b"\x84\x6aSignature1\x59")
    assert b"claim_generator_info" in data


@pytest.mark.parametrize("damage", ["empty", "cut", "salt", "signature", "twice"])
def test_a_store_that_is_built_otherwise_is_refused(damage: str) -> None:
    """Another version of the library may build it so; a wrong signature would be worse."""
    store = bytearray(_store())
    if damage == "empty":
        store.clear()
    elif damage == "cut":
        del store[-10:]
    elif damage == "salt":
        at = store.index(b"c2sh")
        store[at : at + 4] = b"c2xx"
    elif damage == "signature":
        at = store.rindex(b"\xd2\x84")
        store[at : at + 2] = b"\xd3\x84"
    else:
        store += bytes(store)

    with pytest.raises((UnknownLayout, ValueError)):
        without_chance(bytes(store), LENGTH, lambda _: bytes(LENGTH))


def test_a_long_claim_gets_the_head_of_its_length() -> None:
    """Heads of byte strings have three sizes here; each must be read by others."""
    content, media_type = file_of("image/webp")
    chain = development_chain()
    for length in (10, 2_000, 70_000):
        facts = {**FACTS, "seeds": "7 " * length}
        signed = FileSigner(chain.identity).sign(content, media_type, facts)
        assert signed == FileSigner(chain.identity).sign(content, media_type, facts)
        assert io.BytesIO(signed).read(4) == b"RIFF"
