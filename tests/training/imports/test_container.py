"""The outer form of a file of weights: what it is, decided by its content."""

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch

from tests.training.imports.hostile_files import Calling, in_legacy_file, in_zip
from training.imports.container import read_regular_file, require_weights_file
from training.imports.refusal import ImportRefusedError

PLAIN = pickle.dumps({"a": 1}, 2)
CALL = pickle.dumps(Calling(os.getcwd), 2)


@pytest.mark.parametrize("new", [True, False])
def test_both_formats_of_torch_are_accepted(new: bool, tmp_path: Path) -> None:
    """With a parameter, a tensor of each kind, and settings."""
    kinds = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool)
    weights = [torch.zeros(2, dtype=kind) for kind in kinds]
    value = {"weights": weights, "rate": 0.1, "parameter": torch.nn.Parameter(torch.zeros(2))}
    torch.save(value, tmp_path / "w.pth", _use_new_zipfile_serialization=new)

    require_weights_file(read_regular_file(tmp_path / "w.pth"), "F")


@pytest.mark.parametrize("wrap", [in_zip, in_legacy_file, bytes])
def test_a_call_is_found_in_each_container(wrap: type[bytes]) -> None:
    """In a plain pickle, too."""
    with pytest.raises(ImportRefusedError, match=r"F wants to call posix\.getcwd"):
        require_weights_file(wrap(CALL), "F")


def test_a_call_is_found_behind_the_weights_of_a_legacy_file() -> None:
    """Its last pickle lists the storages, and is read by torch as well."""
    content = in_legacy_file(PLAIN).removesuffix(pickle.dumps([], 2)) + CALL

    with pytest.raises(ImportRefusedError, match=r"F wants to call posix\.getcwd"):
        require_weights_file(content, "F")


def in_tar() -> bytes:
    """A tar archive with one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return file.getvalue()


def zip_with_two_pickles() -> bytes:
    """Readers could disagree on which is meant."""
    file = io.BytesIO(in_zip(PLAIN))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("other/data.pkl", CALL)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "not a file of torch.save .*begins with b'hello'"),
        (gzip.compress(in_legacy_file(PLAIN)), "not a file of torch.save"),
        (PLAIN, "a pickle, but not a file of torch.save"),
        (in_tar(), "tar archive.*unpack it"),
        (in_zip(PLAIN, zipfile.ZIP_DEFLATED), "compressed entries"),
        (in_zip(PLAIN, more={"constants.pkl": PLAIN}), "TorchScript program"),
        (zip_with_two_pickles(), "2 entries data.pkl, one is needed"),
        (in_zip(PLAIN)[:60], "damaged or cut short"),
        (in_zip(PLAIN).replace(b"data.pkl", b"data.txt"), "0 entries data.pkl"),
        (in_legacy_file(PLAIN)[:40], "damaged or cut short"),
    ],
    ids=[  # not the contents: a zip and a gzip hold the time of day
        *("text", "gzip", "pickle", "tar", "deflated zip", "TorchScript", "two pickles"),
        *("cut zip", "zip without pickle", "cut legacy file"),
    ],
)
def test_another_kind_of_file_is_refused_in_words(content: bytes, message: str) -> None:
    """The message says what it is."""
    with pytest.raises(ImportRefusedError, match=message):
        require_weights_file(content, "F")


def test_a_zip_whose_entries_overlap_is_refused() -> None:
    """Many names for the same bytes are a bomb without compression."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", PLAIN)
        archive.writestr("archive/data/0", bytes(10_000))
        (large,) = (entry for entry in archive.infolist() if entry.filename.endswith("0"))
        for number in range(1, 9):
            copy = zipfile.ZipInfo(f"archive/data/{number}")
            copy.header_offset, copy.CRC = large.header_offset, large.CRC
            copy.file_size = copy.compress_size = large.file_size
            archive.filelist.append(copy)

    with pytest.raises(ImportRefusedError, match="larger than the file itself"):
        require_weights_file(file.getvalue(), "F")


def test_only_a_regular_file_of_allowed_size_is_read(tmp_path: Path) -> None:
    """Neither a folder, a pipe nor a device; none is waited for."""
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(bytes(11))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "device").symlink_to("/dev/zero")
    refused = {
        "missing": "cannot be read: No such file",
        "loop": "cannot be read: Too many levels",
        ".": "is not a file",
        "pipe": "is not a file",
        "device": "is not a file",
        "empty": "has 0 bytes, 1 to 10 are allowed",
        "large": "has 11 bytes, 1 to 10 are allowed",
    }
    for name, message in refused.items():
        with pytest.raises(ImportRefusedError, match=message):
            read_regular_file(tmp_path / name, most=10)


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    """Caches of downloads are made of links."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")

    assert read_regular_file(tmp_path / "link") == b"abc"
