"""PEM files that an operator names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.credentials.pem_files import LARGEST_PEM, read_pem
from service.env_file import SettingsError

NAME = "PROGAN_CREDENTIALS_CHAIN"


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Up to the largest."""
    (tmp_path / "chain.pem").write_bytes(b"x" * LARGEST_PEM)

    assert read_pem(tmp_path / "chain.pem", NAME) == b"x" * LARGEST_PEM


def _folder(path: Path) -> None:
    path.mkdir()


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 * 2**20)


def _ring(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _: None, "does not exist: name the file"),
        (_folder, "Is a directory|no regular file"),
        (os.mkfifo, "no regular file"),
        (_huge, "has 104857600 bytes"),
        (_ring, "symbolic links"),
    ],
    ids=["nothing", "folder", "pipe", "huge", "ring"],
)
def test_anything_else_is_refused_at_once_in_one_sentence(
    tmp_path: Path, make: object, reason: str
) -> None:
    """A pipe would wait for ever, a huge file fill the memory."""
    assert callable(make)
    make(tmp_path / "chain.pem")

    with pytest.raises(SettingsError, match=reason) as caught:
        read_pem(tmp_path / "chain.pem", NAME)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{NAME}: {tmp_path}/chain.pem ")


def test_a_key_in_place_of_its_file_is_not_repeated() -> None:
    """The sentence goes to the log."""
    text = "-----BEGIN PRIVATE KEY-----secret-----END PRIVATE KEY-----"

    with pytest.raises(SettingsError, match="is the text itself") as caught:
        read_pem(Path(text), NAME)
    assert "secret" not in str(caught.value)
