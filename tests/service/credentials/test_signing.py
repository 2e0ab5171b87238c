"""Signed files of every format."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageSequence

from service.credentials.identity import (
    KeySource,
    checked_chain,
    identity_from_function,
    identity_from_key,
)
from service.credentials.reading import CredentialState, read_credentials
from service.credentials.signing import FileSigner, SigningFailed
from tests.service.credential_chains import (
    EVERY_FILE,
    FACTS,
    NOW,
    Key,
    development_chain,
    file_of,
    pem_of,
    signer_chain,
)
from tests.service.pictures import painted

CHAIN = development_chain()


def _signer(key: Key, timestamp_url: str | None = None) -> tuple[FileSigner, str]:
    """A signer with a key, and its root."""
    chain, root = signer_chain(key)
    identity = identity_from_key(checked_chain(chain, NOW), pem_of(key), KeySource.FILES)
    return FileSigner(identity, timestamp_url), root.decode()


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_a_file_of_every_format_is_trusted_with_the_root(kind: str) -> None:
    """And valid without; the reader is the library's own."""
    content, media_type = file_of(kind)
    signed = FileSigner(CHAIN.identity).sign(content, media_type, FACTS)

    report = read_credentials(signed, media_type, CHAIN.root_pem)

    assert report.state is CredentialState.TRUSTED, report.failures
    assert report.facts == FACTS
    assert report.generator == "Progan 0.1.0"
    assert report.source_type is not None
    assert report.source_type.endswith("/trainedAlgorithmicMedia")
    assert read_credentials(signed, media_type).state is CredentialState.VALID


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_equal_files_become_equal_bytes_from_every_signer_with_one_key(kind: str) -> None:
    """Two replicas answer with the same bytes, so a cache may take either's."""
    content, media_type = file_of(kind)

    signed = {FileSigner(CHAIN.identity).sign(content, media_type, FACTS) for _ in range(2)}
    other = FileSigner(development_chain().identity).sign(content, media_type, FACTS)

    assert len(signed) == 1
    assert other not in signed


def test_two_processes_with_one_key_sign_the_same_bytes(tmp_path: Path) -> None:
    """What one process keeps in memory has no influence."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain, _ = signer_chain(key)
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(pem_of(key))
    program = (
        "import hashlib, sys\n"
        "from tests.service.credential_chains import *\n"
        "from service.credentials.opening import open_identity\n"
        "from service.credentials.signing import FileSigner\n"
        "from service.settings import Settings\n"
        "settings = Settings(credentials_key=sys.argv[1] + '/key.pem',\n"
        "                    credentials_chain=sys.argv[1] + '/chain.pem')\n"
        "signer = FileSigner(open_identity(settings, NOW).identity)\n"
        "for kind in EVERY_FILE:\n"
        "    content, media_type = file_of(kind)\n"
        "    signed = signer.sign(content, media_type, FACTS)\n"
        "    print(kind, hashlib.sha256(signed).hexdigest())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]

    first, second = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))

    assert first.stdout == second.stdout
    assert first.stdout.count(b"\n") == len(EVERY_FILE)


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_pixels_and_all_other_metadata_stay(kind: str) -> None:
    """Credentials are added, and nothing else changes."""
    content, media_type = file_of(kind)
    signed = FileSigner(CHAIN.identity).sign(content, media_type, FACTS)

    if media_type == "video/mp4":
        assert _film(signed) == _film(content)
        assert b"urn:progan:facts#" in signed
    else:
        before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(signed))
        for old, new in zip(*map(ImageSequence.Iterator, (before, after)), strict=True):
            assert np.array_equal(np.asarray(old), np.asarray(new))
        assert after.info == before.info
        assert after.getexif() == before.getexif()


def _film(content: bytes) -> tuple[dict[str, str], list[str]]:
    with av.open(io.BytesIO(content), "r") as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        return dict(film.metadata), [
            hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames
        ]


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        Ed25519PrivateKey.generate(),
    ],
    ids=["ES256", "ES384", "ES512", "Ed25519"],
)
def test_every_kind_of_key_makes_files_that_repeat(key: Key) -> None:
    """Its chain may have any root."""
    signer, root = _signer(key)
    content, media_type = file_of("image/jpeg")

    signed = signer.sign(content, media_type, FACTS)

    assert signer.is_repeatable
    assert signer.sign(content, media_type, FACTS) == signed
    report = read_credentials(signed, media_type, root)
    assert report.state is CredentialState.TRUSTED, report.failures
    assert report.signer == "Tests, Signer of a test"


def test_rsa_signs_without_repeating() -> None:
    """Its signatures contain random bytes, and the signer says so."""
    signer, root = _signer(rsa.generate_private_key(65537, 2048))
    content, media_type = file_of("image/png")

    signed = signer.sign(content, media_type, FACTS)

    assert not signer.is_repeatable
    assert signer.sign(content, media_type, FACTS) != signed
    assert read_credentials(signed, media_type, root).state is CredentialState.TRUSTED


def test_a_time_stamp_authority_out_of_reach_fails_the_file() -> None:
    """A file without the time stamp that was asked for would be another one."""
    signer, _ = _signer(Ed25519PrivateKey.generate(), "http://127.0.0.1:9/")
    content, media_type = file_of("image/png")

    assert not signer.is_repeatable
    with pytest.raises(SigningFailed, match="could not be signed"):
        signer.sign(content, media_type, FACTS)


def test_a_function_that_fails_later_fails_the_file(caplog: pytest.LogCaptureFixture) -> None:
    """With 503 and the time to wait; the reason is in the log alone."""
    key = Ed25519PrivateKey.generate()
    reachable = [True]

    def sign(data: bytes) -> bytes:
        if not reachable:
            raise ConnectionError("no route to the key")
        return key.sign(data)

    certificates = checked_chain(signer_chain(key)[0], NOW)
    signer = FileSigner(identity_from_function(certificates, sign, KeySource.FUNCTION))
    content, media_type = file_of("image/png")
    assert signer.is_repeatable
    reachable.clear()

    with pytest.raises(SigningFailed) as caught:
        signer.sign(content, media_type, FACTS)
    assert (caught.value.status, caught.value.retry_after_s) == (503, 10)
    assert "no route" not in str(caught.value)
    assert "no route to the key" in caplog.text


def test_a_store_of_several_segments_of_a_jpeg_repeats() -> None:
    """A segment holds 64 kB; a long credit needs more."""
    content, media_type = file_of("image/jpeg")
    facts = {**FACTS, "seeds": "12345678 " * 9_000}

    signed = {FileSigner(CHAIN.identity).sign(content, media_type, facts) for _ in range(2)}

    (content,) = signed
    assert content.count(b"\xff\xeb") >= 2
    assert read_credentials(content, media_type, CHAIN.root_pem).state is CredentialState.TRUSTED


def test_many_threads_sign_at_once() -> None:
    """As the encoder threads do; each file gets its own statements."""
    signer = FileSigner(CHAIN.identity)
    files = [file_of("image/png", painted(16, phase=k / 40)) for k in range(40)]
    facts = [{**FACTS, "seed": str(k)} for k in range(40)]

    def sign(k: int) -> bytes:
        return signer.sign(*files[k], facts[k])

    with ThreadPoolExecutor(16) as threads:
        signed = list(threads.map(sign, [*range(40), *range(40)]))

    assert signed[:40] == signed[40:]
    for k, content in enumerate(signed[:40]):
        report = read_credentials(content, "image/png", CHAIN.root_pem)
        assert (report.state, report.facts["seed"]) == (CredentialState.TRUSTED, str(k))


def test_the_version_changes_with_the_key_and_the_authority() -> None:
    """An ETag covers it."""
    identity = CHAIN.identity
    versions = {
        FileSigner(identity).version,
        FileSigner(identity, "http://127.0.0.1/").version,
        FileSigner(development_chain().identity).version,
    }

    assert len(versions) == 3
    assert FileSigner(identity).version in versions
