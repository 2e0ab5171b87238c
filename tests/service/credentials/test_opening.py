"""The identity that the settings name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.credentials.identity import KeySource
from service.credentials.opening import open_identity
from service.env_file import SettingsError
from service.settings import Settings
from tests.service.credential_chains import NOW, pem_of, signer_chain

KEY = Ed25519PrivateKey.generate()
CHAIN, ROOT = signer_chain(KEY)
SIGNING_MODULE = """
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key

KEY = load_pem_private_key((Path(__file__).parent / "key.pem").read_bytes(), None)
calls = 0


def sign(data: bytes) -> bytes:
    return KEY.sign(data)


def text(data: bytes) -> str:
    return "signed"


number = 7
"""


@pytest.fixture(name="files")
def key_and_chain(tmp_path: Path) -> dict[str, Path]:
    """Settings with the files of a key and its chain."""
    (tmp_path / "key.pem").write_bytes(pem_of(KEY))
    (tmp_path / "chain.pem").write_bytes(CHAIN)
    return {
        "credentials_key": tmp_path / "key.pem",
        "credentials_chain": tmp_path / "chain.pem",
    }


def test_key_and_chain_in_files_are_used(files: dict[str, Path]) -> None:
    """The last certificate is what readers must trust."""
    opened = open_identity(Settings.model_validate(files), NOW)

    assert opened.identity.source is KeySource.FILES
    assert opened.trust_anchors.encode() == ROOT


def test_without_a_key_there_is_a_development_chain(tmp_path: Path) -> None:
    """In the folder of the settings."""
    settings = Settings(credentials_folder=tmp_path / "credentials")

    first, second = open_identity(settings, NOW), open_identity(settings, NOW)

    assert first.identity.source is KeySource.DEVELOPMENT
    assert first.identity.fingerprint == second.identity.fingerprint
    assert first.root_file is not None
    assert first.root_file.read_text() == first.trust_anchors
    assert first.unwritten is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The chain is then in memory alone."""
    (tmp_path / "file").touch()

    opened = open_identity(Settings(credentials_folder=tmp_path / "file"), NOW)

    assert opened.root_file is None
    assert opened.unwritten == f"{tmp_path / 'file'}: File exists"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("credentials_chain", "PROGAN_CREDENTIALS_KEY is set and PROGAN_CREDENTIALS_CHAIN is not"),
        ("credentials_key", "PROGAN_CREDENTIALS_CHAIN is set, and neither"),
    ],
)
def test_half_of_a_pair_is_refused(files: dict[str, Path], missing: str, reason: str) -> None:
    """A development chain in its place would surprise."""
    del files[missing]

    with pytest.raises(SettingsError, match=reason):
        open_identity(Settings.model_validate(files), NOW)


def test_a_fault_names_the_variable_of_its_file(files: dict[str, Path]) -> None:
    """Key and chain each have their own."""
    files["credentials_key"].write_bytes(pem_of(Ed25519PrivateKey.generate()))
    with pytest.raises(SettingsError, match=r"PROGAN_CREDENTIALS_KEY: .* do not belong together"):
        open_identity(Settings.model_validate(files), NOW)

    files["credentials_chain"].write_bytes(signer_chain(KEY, ends=timedelta(hours=-1))[0])
    with pytest.raises(SettingsError, match="PROGAN_CREDENTIALS_CHAIN: the certificate of .*expir"):
        open_identity(Settings.model_validate(files), NOW)


def test_a_function_signs_in_place_of_a_key(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is imported by its name, as by `python -c`."""
    folder = files.pop("credentials_key").parent
    (folder / "progan_test_kms.py").write_text(SIGNING_MODULE)
    monkeypatch.syspath_prepend(folder)

    def opened(name: str) -> KeySource:
        settings = Settings.model_validate({**files, "credentials_function": name})
        return open_identity(settings, NOW).identity.source

    assert opened("progan_test_kms:sign") is KeySource.FUNCTION
    for name, reason in {
        "progan_test_kms:text": "it returned str, not bytes",
        "progan_test_kms:number": "is no function",
        "progan_test_kms:missing": "AttributeError",
        "progan_test_absent:sign": "ModuleNotFoundError",
    }.items():
        with pytest.raises(SettingsError, match=f"PROGAN_CREDENTIALS_FUNCTION: .*{reason}"):
            opened(name)


def test_a_key_and_a_function_are_one_too_many(files: dict[str, Path]) -> None:
    """Nothing is preferred in silence."""
    settings = Settings.model_validate({**files, "credentials_function": "kms:sign"})

    with pytest.raises(SettingsError, match="are both set"):
        open_identity(settings, NOW)
