"""The development chain and its folder."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from service.credentials.development import FILE_NAME, ROOT_NAME, chain_in, create_chain
from service.env_file import SettingsError
from tests.service.credential_chains import NOW


def test_a_chain_is_made_once_and_then_read(tmp_path: Path) -> None:
    """Only its owner may read the file; the folder is made."""
    folder = tmp_path / "new" / "credentials"

    first, error = chain_in(folder, NOW)
    second, _ = chain_in(folder, NOW)

    assert error is None
    assert first.identity.fingerprint == second.identity.fingerprint
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ROOT_NAME).read_text() == first.root_pem
    assert b"PRIVATE" not in (folder / ROOT_NAME).read_bytes()
    assert sorted(each.name for each in folder.iterdir()) == [ROOT_NAME, FILE_NAME]


def test_its_names_say_that_it_proves_nothing() -> None:
    """Whoever reads a signed file sees them."""
    chain = create_chain(NOW)

    assert "not for production" in chain.identity.name
    assert "not for production" in chain.root.subject.rfc4514_string()


def test_processes_that_start_together_share_one_chain(tmp_path: Path) -> None:
    """The first that is written is the chain of all."""
    with ThreadPoolExecutor(16) as threads:
        chains = list(threads.map(lambda _: chain_in(tmp_path / "shared", NOW)[0], range(16)))

    assert len({chain.identity.fingerprint for chain in chains}) == 1


def test_a_signer_is_renewed_below_its_root(tmp_path: Path) -> None:
    """Readers who trust the root go on."""
    old, _ = chain_in(tmp_path, NOW)

    kept, _ = chain_in(tmp_path, NOW + timedelta(days=59))
    new, error = chain_in(tmp_path, NOW + timedelta(days=61))

    assert error is None
    assert kept.identity.fingerprint == old.identity.fingerprint
    assert new.identity.fingerprint != old.identity.fingerprint
    assert new.root_pem == old.root_pem
    assert chain_in(tmp_path, NOW + timedelta(days=62))[0].identity.chain == new.identity.chain


def test_a_root_near_its_end_is_replaced(tmp_path: Path) -> None:
    """No signer outlives its root."""
    old, _ = chain_in(tmp_path, NOW)

    new, _ = chain_in(tmp_path, NOW + timedelta(days=3600))

    assert new.root_pem != old.root_pem
    assert new.root.not_valid_after_utc > new.signer.not_valid_after_utc


def test_a_chain_lives_in_memory_where_it_cannot_be_written(tmp_path: Path) -> None:
    """The reason is told, and the service starts."""
    (tmp_path / "file").touch()

    chain, error = chain_in(tmp_path / "file" / "folder", NOW)

    assert isinstance(error, NotADirectoryError)
    assert chain.identity.days_left(NOW) > 89


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_that_holds_no_chain_is_named(tmp_path: Path, content: bytes) -> None:
    """It is never overwritten: it may be somebody's key."""
    (tmp_path / FILE_NAME).write_bytes(content)

    with pytest.raises(SettingsError, match="remove it, and a new one is made"):
        chain_in(tmp_path, NOW)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_the_parts_of_two_chains_make_none(tmp_path: Path) -> None:
    """The signer must be one of the root."""
    for name in ("one", "two"):
        chain_in(tmp_path / name, NOW)
    one, two = ((tmp_path / name / FILE_NAME).read_bytes() for name in ("one", "two"))
    half = one.index(b"-----BEGIN CERTIFICATE-----", 1)
    (tmp_path / FILE_NAME).write_bytes(one[:half] + two[half:])

    with pytest.raises(SettingsError, match="holds no development chain"):
        chain_in(tmp_path, NOW)


def test_a_root_that_was_removed_is_written_again(tmp_path: Path) -> None:
    """The log and the documentation name it to readers."""
    chain, _ = chain_in(tmp_path, NOW)
    (tmp_path / ROOT_NAME).unlink()
    again, _ = chain_in(tmp_path, NOW)

    assert (tmp_path / ROOT_NAME).read_text() == chain.root_pem == again.root_pem
