"""Reports about the Content Credentials of files."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from service.credentials.reading import (
    LARGEST_FILE,
    CredentialReport,
    CredentialState,
    container_of,
    read_credentials,
)
from service.credentials.signing import FileSigner
from service.media.animation import animate
from service.media.encoding import encode
from tests.service.credential_chains import (
    EVERY_FILE,
    FACTS,
    STILL,
    development_chain,
    file_of,
)
from tests.service.pictures import painted


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_a_picture_without_credentials_has_none(name: str) -> None:
    """XMP, EXIF and text fields are no Content Credentials."""
    report = read_credentials(encode(painted(32), name, FACTS), f"image/{name}")

    assert report == CredentialReport(CredentialState.NONE)


@pytest.mark.parametrize(
    "content",
    [b"", b"c2pa", b"PK\x03\x04", b"%PDF-1.7 c2pa", b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)
def test_a_file_of_another_kind_is_named_and_not_opened(content: bytes) -> None:
    """Only the kinds of files that the service makes reach the library."""
    report = read_credentials(content, "text/x-other")

    assert report.state is CredentialState.NONE
    assert "'text/x-other' is not read, only image/png" in report.failures[0]


def test_half_a_picture_is_told_from_one_without_credentials() -> None:
    """It may have had some, so the reason is given."""
    content = encode(painted(32), "png", FACTS)

    report = read_credentials(content[: len(content) // 2], "image/png")

    assert report.state is CredentialState.NONE
    assert "this is no whole file of type image/png" in report.failures[0]


@pytest.mark.parametrize(
    ("name", "container"),
    [("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif"), ("mp4", "video/mp4")],
)
def test_the_bytes_tell_the_kind_of_an_animation(name: str, container: str) -> None:
    """Whatever its sender calls it."""
    content = animate([painted(32), painted(32)], name, 10, True, FACTS)

    assert container_of(content) == container
    assert read_credentials(content, "image/jpeg").state is CredentialState.NONE


def test_a_file_that_is_too_large_is_refused() -> None:
    """Before it is copied."""
    with pytest.raises(ValueError, match=f"up to {LARGEST_FILE} are read"):
        read_credentials(bytes(LARGEST_FILE + 1), "image/png")


def test_trusted_roots_that_are_none_are_refused() -> None:
    """A file would seem untrusted for a reason that lies with the reader."""
    with pytest.raises(ValueError, match="PEM"):
        read_credentials(b"", "image/png", "the root of all trust")


CHAIN = development_chain()
SIGNER = FileSigner(CHAIN.identity)


def _signed(kind: str = "image/png", phase: float = 0.0) -> bytes:
    content, media_type = file_of(kind, painted(32, phase=phase))
    return SIGNER.sign(content, media_type, FACTS)


def _pixel(content: bytes) -> bytes:
    """Another value in the middle of the compressed pixels, with the right checksum."""
    return _changed_chunk(
        content, b"IDAT", lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:]
    )


def _metadata(content: bytes) -> bytes:
    """Another licence in the text of the file."""
    return _changed_chunk(content, b"tEXt", lambda data: data[:-1] + b"9")


def _assertion(content: bytes) -> bytes:
    """Another seed in the signed statements."""
    return _changed_chunk(content, b"caBX", lambda data: data.replace(b'seed":"7"', b'seed":"8"'))


def _claim(content: bytes) -> bytes:
    """Another program in the claim, whose statements stay."""
    return _changed_chunk(content, b"caBX", lambda data: data.replace(b"\x66Progan", b"\x66Prigan"))


def _signature(content: bytes) -> bytes:
    """One bit of the signature."""
    return _changed_chunk(content, b"caBX", lambda data: data[:-1] + bytes([data[-1] ^ 1]))


def _cut_manifest(content: bytes) -> bytes:
    """Half of the manifest."""
    return _changed_chunk(content, b"caBX", lambda data: data[: len(data) // 2])


def _without_manifest(content: bytes) -> bytes:
    """The whole manifest removed."""
    return b"".join(chunk for chunk in _chunks(content) if chunk[4:8] != b"caBX")


def _other_chain(content: bytes) -> bytes:
    """The certificate of another development chain, of the same length."""
    ours = CHAIN.signer.public_bytes(Encoding.DER)
    while len(other := development_chain().signer.public_bytes(Encoding.DER)) != len(ours):
        pass
    return _changed_chunk(content, b"caBX", lambda data: data.replace(ours, other))


def _truncated(content: bytes) -> bytes:
    """The last bytes gone."""
    return content[:-20]


def _appended(content: bytes) -> bytes:
    """Bytes after the end."""
    return content + b"more"


def _moved(content: bytes) -> bytes:
    """The manifest in the file of another picture."""
    manifest = next(chunk for chunk in _chunks(content) if chunk[4:8] == b"caBX")
    other = file_of("image/png", painted(32, phase=0.5))[0]
    first = 8 + 25  # the signature of a PNG, and its first chunk
    return other[:first] + manifest + other[first:]


def _encoded_again(content: bytes) -> bytes:
    """The same pixels, saved by Pillow, with the manifest kept."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).save(file, "PNG", compress_level=1)
    return _moved_into(content, file.getvalue())


def _moved_into(content: bytes, other: bytes) -> bytes:
    manifest = next(chunk for chunk in _chunks(content) if chunk[4:8] == b"caBX")
    return other[:33] + manifest + other[33:]


def _chunks(content: bytes) -> list[bytes]:
    """The signature of a PNG, and its chunks."""
    chunks, at = [content[:8]], 8
    while at < len(content):
        size = 12 + int.from_bytes(content[at : at + 4])
        chunks.append(content[at : at + size])
        at += size
    return chunks


def _changed_chunk(content: bytes, name: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A PNG whose first chunk of this name has other data, and the right length and checksum."""
    chunks = _chunks(content)
    number = next(k for k, chunk in enumerate(chunks) if chunk[4:8] == name)
    data = change(chunks[number][8:-4])
    assert data != chunks[number][8:-4]
    checksum = zlib.crc32(name + data).to_bytes(4)
    chunks[number] = len(data).to_bytes(4) + name + data + checksum
    return b"".join(chunks)


@pytest.mark.parametrize(
    ("tamper", "state", "failure"),
    [
        (_pixel, CredentialState.INVALID, "the file was changed"),
        (_metadata, CredentialState.INVALID, "the file was changed"),
        (_assertion, CredentialState.INVALID, "a statement was changed"),
        (_claim, CredentialState.INVALID, "the signature does not fit"),
        (_signature, CredentialState.INVALID, "the signature does not fit"),
        (_other_chain, CredentialState.INVALID, "the signature does not fit"),
        (_cut_manifest, CredentialState.INVALID, ""),
        (_without_manifest, CredentialState.NONE, ""),
        (_truncated, CredentialState.INVALID, ""),
        (_appended, CredentialState.INVALID, "the file was changed"),
        (_moved, CredentialState.INVALID, "the file was changed"),
        (_encoded_again, CredentialState.INVALID, "the file was changed"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_way_of_tampering_is_found(
    tamper: Callable[[bytes], bytes], state: CredentialState, failure: str
) -> None:
    """Though the signer is trusted, and the checksums of the file are right."""
    report = read_credentials(tamper(_signed()), "image/png", CHAIN.root_pem)

    assert report.state is state, report
    assert any(failure in each for each in report.failures) or not failure, report.failures


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_a_changed_byte_is_found_in_every_format(kind: str) -> None:
    """Near the end of the unsigned file, where its last pixels or metadata are."""
    content, media_type = file_of(kind)
    signed = bytearray(SIGNER.sign(content, media_type, FACTS))
    signed[signed.index(content[-60:-40])] ^= 1

    report = read_credentials(bytes(signed), media_type, CHAIN.root_pem)

    assert report.state is CredentialState.INVALID, report


def test_damaged_files_always_give_a_report() -> None:
    """Bytes of strangers; a thousand changes of a signed file, none of which is trusted."""
    random = np.random.Generator(np.random.Philox(7))
    for kind in STILL:
        signed = _signed(kind)
        for _ in range(60):
            content = bytearray(signed)
            for at in random.integers(0, min(len(content), 4500), random.integers(1, 6)):
                content[at] = random.integers(0, 256)
            if bytes(content) != signed:
                report = read_credentials(bytes(content), kind, CHAIN.root_pem)
                assert report.state is not CredentialState.TRUSTED or report.facts == FACTS
