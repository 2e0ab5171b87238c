"""Manifests without chance: equal files get equal bytes from every process with one key.

The library salts each assertion with random bytes, and has no option against it. A salt keeps a
statement secret that is redacted later; ours are public facts. Owns the replacement of the salts by
digests, and of all that depends on them: the hashes in the claim and the signature. Every
replacement has the length of what it replaces, so nothing else in the file moves. KeySource: C2PA
specification, sections "JUMBF description box", "Hashing JUMBF boxes"; ISO/IEC 19566-5 (JUMBF).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import Final

HEADER: Final = 8  # bytes: length and type of a box
TYPE_BYTES: Final = 17  # of a description box: content type and toggles, before the label
SALT_HEADER: Final = b"\0\0\0\x18c2sh"
SALT_BYTES: Final = 16
ASSERTIONS_LABEL: Final = b"c2pa.assertions"
CLAIM_LABEL: Final = b"c2pa.claim.v2"
SIGNATURE_LABEL: Final = b"c2pa.signature"

COSE_SIGN1: Final = b"\xd2\x84"
SIG_STRUCTURE: Final = b"\x84\x6aSignature1"
BYTE_STRING: Final = 2  # major type of CBOR
LENGTH_FOLLOWS: Final = 24  # in 1 byte; 25 in 2, 26 in 4, 27 in 8
LARGEST_HEAD: Final = 27
EMPTY_BYTES: Final = b"\x40"
Replacements = list[tuple[bytes, bytes]]


class UnknownLayout(ValueError):
    """A manifest that is built otherwise than expected: another version of the library."""


def without_chance(manifest: bytes, signature_bytes: int, sign: Callable[[bytes], bytes]) -> bytes:
    """Return a manifest store whose bytes depend on its statements and its key alone.

    Args:
        manifest: the store, as the library has made it, signed with any key of the same kind.
        signature_bytes: length of a signature.
        sign: data -> signature.

    Raises:
        UnknownLayout: a part is not where it is expected.
    """
    boxes = dict(_boxes_of_manifest(manifest))
    salts: Replacements = []
    hashes: Replacements = []
    for box in _boxes(boxes[ASSERTIONS_LABEL], HEADER):
        if box[4:8] == b"jumb":
            salted = _salted(box)
            salts.append((box, salted))
            hashes.append((_hash(box), _hash(salted)))
    old = boxes[SIGNATURE_LABEL][-signature_bytes:]
    new = sign(
        _to_sign(_replaced(_content(boxes[CLAIM_LABEL]), hashes), _content(boxes[SIGNATURE_LABEL]))
    )
    return _replaced(manifest, [*salts, *hashes, (old, new)])


def _boxes_of_manifest(store: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield label and box of each part of the only manifest of a store."""
    (outer,) = _boxes(store, 0)
    _, manifest = _boxes(outer, HEADER)
    for box in _boxes(manifest, HEADER):
        if box[4:8] == b"jumb":
            yield box[2 * HEADER + TYPE_BYTES :].partition(b"\0")[0], box


def _content(box: bytes) -> bytes:
    """Return the content of a box with a description and one more box."""
    _, content = _boxes(box, HEADER)
    return content[HEADER:]


def _to_sign(claim: bytes, signature: bytes) -> bytes:
    """Return the bytes that are signed: `Sig_structure` (RFC 9052, section 4.4).

    Args:
        claim: the payload.
        signature: the `COSE_Sign1`: tag 18, an array of four, the protected header, and so on.
    """
    if signature[:2] != COSE_SIGN1:
        raise UnknownLayout("the signature is no COSE_Sign1")
    start = len(COSE_SIGN1)
    protected = signature[start : start + sum(_length_of_bytes(signature[start:]))]
    return SIG_STRUCTURE + protected + EMPTY_BYTES + _head_of_bytes(len(claim)) + claim


def _length_of_bytes(data: bytes) -> tuple[int, int]:
    """Return the lengths of head and content of a CBOR byte string (RFC 8949, section 3)."""
    kind, low = data[0] >> 5, data[0] & 31
    if kind != BYTE_STRING or low > LARGEST_HEAD:
        raise UnknownLayout("the protected header is no byte string")
    if low < LENGTH_FOLLOWS:
        return 1, low
    size = 1 << (low - LENGTH_FOLLOWS)
    return 1 + size, int.from_bytes(data[1 : 1 + size])


def _head_of_bytes(length: int) -> bytes:
    """Return the shortest head of a CBOR byte string."""
    if length < LENGTH_FOLLOWS:
        return bytes([BYTE_STRING << 5 | length])
    power = next(power for power in range(4) if length < 1 << (8 << power))
    return bytes([BYTE_STRING << 5 | LENGTH_FOLLOWS + power]) + length.to_bytes(1 << power)


def _boxes(data: bytes, start: int) -> Iterator[bytes]:
    """Yield the boxes that follow one another from `start` on."""
    while start < len(data):
        (length,) = struct.unpack_from(">I", data, start)
        if not HEADER <= length <= len(data) - start:
            raise UnknownLayout(f"a box of {length} bytes at {start}")
        yield data[start : start + length]
        start += length


def _salted(box: bytes) -> bytes:
    """Return an assertion whose salt is the digest of the rest."""
    description = next(_boxes(box, HEADER))
    end = HEADER + len(description)
    start = end - SALT_BYTES
    if box[start - len(SALT_HEADER) : start] != SALT_HEADER:
        raise UnknownLayout("an assertion has no salt at the end of its description")
    salt = hashlib.sha256(box[:start] + box[end:]).digest()[:SALT_BYTES]
    return box[:start] + salt + box[end:]


def _hash(box: bytes) -> bytes:
    """Return the hash by which a claim refers to an assertion: of the content of its box."""
    return hashlib.sha256(box[HEADER:]).digest()


def _replaced(data: bytes, replacements: Replacements) -> bytes:
    for old, new in replacements:
        if data.count(old) != 1 or len(old) != len(new):
            raise UnknownLayout(f"{len(old)} bytes are in the manifest {data.count(old)} times")
        data = data.replace(old, new)
    return data
