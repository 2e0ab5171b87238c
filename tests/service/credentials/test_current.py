"""The signer of a running service."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.credentials.current import CurrentSigner
from service.env_file import SettingsError
from service.settings import Settings
from tests.service.credential_chains import NOW, pem_of, signer_chain


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now


def _write(folder: Path, ends: timedelta) -> Settings:
    """Write a new key and chain; returns their settings."""
    key = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(pem_of(key))
    (folder / "chain.pem").write_bytes(signer_chain(key, ends=ends)[0])
    return Settings(credentials_key=folder / "key.pem", credentials_chain=folder / "chain.pem")


def _version(signer: CurrentSigner) -> str:
    assert signer.file_signer is not None
    return signer.file_signer.version


def test_turned_off_there_is_no_signer(tmp_path: Path) -> None:
    """And no folder is made."""
    signer = CurrentSigner(Settings(credentials=False, credentials_folder=tmp_path / "folder"))

    signer.look()

    assert (signer.file_signer, signer.expires_at, signer.trust_anchors) == (None, None, "")
    assert not (tmp_path / "folder").exists()


def test_a_development_chain_is_named_as_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the file of its root."""
    caplog.set_level(logging.INFO)

    CurrentSigner(Settings(credentials_folder=tmp_path))

    assert "signed by a development chain" in caplog.text
    assert str(tmp_path / "development-root.pem") in caplog.text


def test_a_development_chain_is_renewed_while_the_service_runs(tmp_path: Path) -> None:
    """In the folder, so that other processes follow."""
    clock = Clock()
    settings = Settings(credentials_folder=tmp_path)
    first, second = CurrentSigner(settings, clock), CurrentSigner(settings, clock)
    before = _version(first)

    first.look()
    assert _version(first) == before
    clock.now += timedelta(days=61)
    first.look()
    second.look()

    assert _version(first) == _version(second) != before
    assert first.expires_at is not None
    assert first.expires_at > clock.now + timedelta(days=89)


def test_a_chain_in_memory_stays_until_it_is_due(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new one each time would change every ETag."""
    (tmp_path / "file").touch()
    clock = Clock()
    signer = CurrentSigner(Settings(credentials_folder=tmp_path / "file"), clock)
    before = _version(signer)
    assert "in memory alone" in caplog.text

    clock.now += timedelta(days=30)
    signer.look()
    assert _version(signer) == before
    clock.now += timedelta(days=31)
    signer.look()
    assert _version(signer) != before


def test_a_chain_without_issuers_is_announced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole chain is not; the warning tells what to append to which file."""
    settings = _write(tmp_path, timedelta(days=90))
    CurrentSigner(settings, Clock())
    assert "one certificate" not in caplog.text

    chain = tmp_path / "chain.pem"
    end = b"-----END CERTIFICATE-----\n"
    chain.write_bytes(chain.read_bytes().partition(end)[0] + end)
    CurrentSigner(settings, Clock())

    (warning,) = [each.message for each in caplog.records if "one certificate" in each.message]
    assert warning.startswith(str(chain))
    assert "Append the certificates of the issuers" in warning


def test_a_replaced_key_is_taken_over(tmp_path: Path) -> None:
    """Without a restart."""
    signer = CurrentSigner(_write(tmp_path, timedelta(days=90)), Clock())
    before = _version(signer)

    _write(tmp_path, timedelta(days=90))
    signer.look()

    assert _version(signer) != before


def test_a_faulty_replacement_is_told_and_the_old_key_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Pictures are served as before."""
    signer = CurrentSigner(_write(tmp_path, timedelta(days=90)), Clock())
    before = _version(signer)

    (tmp_path / "key.pem").write_bytes(b"rubbish")
    signer.look()

    assert _version(signer) == before
    assert "signed as before, with a fault: PROGAN_CREDENTIALS_KEY" in caplog.text


def test_the_end_of_a_chain_is_announced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """First as a warning, then, when it is over, as an error."""
    clock = Clock()
    signer = CurrentSigner(_write(tmp_path, timedelta(days=90)), clock)
    signer.look()
    assert "expires" not in caplog.text

    clock.now += timedelta(days=70)
    signer.look()
    assert "expires in 20 days" in caplog.text
    clock.now += timedelta(days=30)
    signer.look()
    assert any("expired" in each.message for each in caplog.records if each.levelname == "ERROR")


def test_a_certificate_for_another_purpose_stops_the_start(tmp_path: Path) -> None:
    """Readers would call every file invalid."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(pem_of(key))
    (tmp_path / "chain.pem").write_bytes(signer_chain(key, for_signing=False)[0])

    with pytest.raises(SettingsError, match="PROGAN_CREDENTIALS_CHAIN: "):
        CurrentSigner(
            Settings(credentials_key=tmp_path / "key.pem", credentials_chain=tmp_path / "chain.pem")
        )
