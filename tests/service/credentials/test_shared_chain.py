"""All processes of a service read one development chain, also where it cannot be kept."""

from __future__ import annotations

import signal
from pathlib import Path

from service.credentials.current import CurrentSigner
from service.credentials.shared_chain import shared_chain_folder
from service.settings import Settings
from tests.service.processes.tree import Tree, is_right

VARIABLE = b"PROGAN_CREDENTIALS_FOLDER="


def test_the_folder_of_the_settings_is_taken_where_it_can_be_written(tmp_path: Path) -> None:
    """It stays."""
    settings = Settings(credentials_folder=tmp_path)
    with shared_chain_folder(settings, CurrentSigner(settings)) as folder:
        assert folder == tmp_path
    assert tmp_path.is_dir()


def test_else_a_folder_of_this_user_alone_that_ends_with_the_service(tmp_path: Path) -> None:
    """Two signers that read it sign with the same chain, unlike the one in memory."""
    no_folder = tmp_path / "file"
    no_folder.touch()
    settings = Settings(credentials_folder=no_folder / "below")
    signer = CurrentSigner(settings)
    with shared_chain_folder(settings, signer) as folder:
        shared = settings.model_copy(update={"credentials_folder": folder})
        one, two = CurrentSigner(shared), CurrentSigner(shared)
        assert folder.stat().st_mode & 0o777 == 0o700

    assert one.file_signer is not None
    assert two.file_signer is not None
    assert one.file_signer.identity.fingerprint == two.file_signer.identity.fingerprint
    assert (signer.is_in_memory_alone, one.is_in_memory_alone) == (True, False)
    assert not folder.exists()


def test_real_front_ends_sign_the_same_bytes_where_no_chain_can_be_kept(tmp_path: Path) -> None:
    """Whichever answers; the chain goes with the service."""
    no_folder = tmp_path / "file"
    no_folder.touch()
    with Tree(tmp_path, credentials="on", credentials_folder=str(no_folder / "below")) as tree:
        tree.ready()
        environments = [
            Path(f"/proc/{pid}/environ").read_bytes() for pid in tree.pids("front_process")
        ]
        folders = {each.split(VARIABLE)[1].split(b"\0")[0].decode() for each in environments}
        (folder,) = map(Path, folders)
        is_kept = [*folder.glob("*.pem")] != []
        answers = [tree.get("/images/5") for _ in range(6)]
        tree.kill(tree.process.pid, signal.SIGTERM)
        assert tree.ended() == 0

    assert len(environments) == 2
    assert is_kept
    assert all(is_right(answer, 5) for answer in answers)
    assert len({answer.headers["etag"] for answer in answers if answer is not None}) == 1
    assert not folder.exists()
