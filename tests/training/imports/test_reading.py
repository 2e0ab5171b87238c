"""Reading in a process of its own: hostile files are refused in words, and nothing of them runs."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
import torch

from tests.training.imports.hostile_files import calls_by, in_legacy_file, in_zip
from training.imports.reading import escaped, read_source
from training.imports.refusal import ImportRefusedError


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("posix.system", in_zip),
        ("__builtin__.eval", in_legacy_file),
        ("__builtin__.getattr", in_zip),
        ("posix.mkdir", bytes),
        ("multiarray._reconstruct", in_legacy_file),
    ],
)
def test_a_file_that_calls_anything_is_refused(
    name: str, wrap: type[bytes], tmp_path: Path
) -> None:
    """By the name of what it wants to call; its canary is not created."""
    file, canary = tmp_path / "weights.pth", tmp_path / "canary"
    file.write_bytes(wrap(calls_by(canary)[name]))

    with pytest.raises(ImportRefusedError, match=rf"weights.pth wants to call .*{name}"):
        read_source(file, ())

    assert [each.name for each in tmp_path.iterdir()] == ["weights.pth"]


def test_what_is_no_file_of_weights_is_refused(tmp_path: Path) -> None:
    """A folder, nothing, a pipe, a device, other content, an archive that unfolds."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello")
    bomb = in_zip(b"\x80\x02N.", zipfile.ZIP_DEFLATED, {"zeros": bytes(10_000_000)})
    (tmp_path / "bomb").write_bytes(bomb)
    refused = {
        ".": "is not a file",
        "missing": "cannot be read: No such file",
        "pipe": "is not a file",
        "/dev/zero": "is not a file",
        "empty": "has 0 bytes",
        "text": "not a file of torch.save",
        "bomb": "compressed entries",
    }
    for name, message in refused.items():
        with pytest.raises(ImportRefusedError, match=message):
            read_source(tmp_path / name, ())


def test_a_name_that_is_no_text_is_told_all_the_same(tmp_path: Path) -> None:
    """With its bytes escaped."""
    file = tmp_path / os.fsdecode(b"we\xffights.pth")
    file.write_text("hello")

    with pytest.raises(ImportRefusedError, match=r"udcffights\.pth is not a file of torch\.save"):
        read_source(file, ())


def test_names_in_a_file_cannot_write_to_the_terminal() -> None:
    """Control characters are escaped, letters of any language are not."""
    assert escaped("ä\x1b[31m\n日本") == "ä\\x1b[31m\\n日本"


def test_reading_ends_when_patience_does(tmp_path: Path) -> None:
    """No process starts within a millionth of a second."""
    with pytest.raises(ImportRefusedError, match="reading was given up"):
        read_source(tmp_path / "missing", (), patience_s=1e-6)


def test_a_file_of_weights_comes_back_with_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tensors of the network, settings of the file, from any working directory."""
    monkeypatch.chdir(tmp_path)
    torch.save({"avgG": {"w": torch.arange(3.0)}, "config": {"alpha": 0}}, "weights.pth")

    source = read_source(Path("weights.pth"), ("avgG", "netG"))

    assert source.sha256 == hashlib.sha256(Path("weights.pth").read_bytes()).hexdigest()
    assert (source.chosen, source.settings) == ("avgG", {"config/alpha": 0})
    assert source.tensors["w"].tolist() == [0.0, 1.0, 2.0]
