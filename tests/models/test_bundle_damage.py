"""Bundles whose files are missing, cut short, changed or of another kind are refused."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from models import bundle as bundle_module
from models.bundle import BundleError, load_bundle
from models.families.progan.generator import Generator
from models.layout import file_sha256
from tests.models.bundle_files import change_card


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    """The message names the file that is missing."""
    with pytest.raises(BundleError, match=r"is not a bundle: it has no card\.json"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", "null", "\udcff", "\ufeff{}", "[" * 100_000, '{"a":' * 100_000),
        *('{"name": "a", "name": "a"}', '{"psnr_db": NaN}', '{"a": -Infinity}', " " * (5 << 20)),
    ],
)
def test_a_card_that_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    """The message says to copy it again."""
    (folder / "card.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(BundleError, match="Copy the bundle again"):
        load_bundle(folder)


def test_missing_weights_are_refused(folder: Path) -> None:
    """The message names the file."""
    (folder / "generator.safetensors").unlink()

    with pytest.raises(BundleError, match=r"has no generator\.safetensors"):
        load_bundle(folder)


def test_a_truncated_file_is_refused(folder: Path) -> None:
    """By its digest, before a byte of it is interpreted."""
    path = folder / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BundleError, match="truncated or changed. Copy the bundle again"):
        load_bundle(folder)


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_one_flipped_bit_is_refused(folder: Path, place: int) -> None:
    """In the header as in the numbers."""
    path = folder / "generator.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)

    with pytest.raises(BundleError, match="truncated or changed. Copy the bundle again"):
        load_bundle(folder)


def test_a_file_of_another_kind_is_refused_even_if_its_card_vouches_for_it(folder: Path) -> None:
    """A pickle, say: it is never opened as one."""
    path = folder / "generator.safetensors"
    path.write_bytes(b"\x80\x04 this is no safetensors file")
    change_card(folder, weights_sha256=file_sha256(path))

    with pytest.raises(BundleError, match="does not fit its card"):
        load_bundle(folder)


def test_a_file_that_is_cut_short_while_it_is_read_does_no_harm(
    folder: Path, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was hashed is what is loaded; a mapped file would end the process."""
    real = bundle_module.hashlib.sha256

    def cut_short(content: bytes) -> Any:
        (folder / "generator.safetensors").write_bytes(b"")
        return real(content)

    monkeypatch.setattr(bundle_module.hashlib, "sha256", cut_short)
    loaded = load_bundle(folder).generator.state_dict()

    assert (folder / "generator.safetensors").stat().st_size == 0
    assert all(torch.equal(loaded[name], value) for name, value in generator.state_dict().items())


@pytest.mark.parametrize("name", ["card.json", "generator.safetensors"])
def test_a_pipe_is_not_read(folder: Path, name: str) -> None:
    """It may have no end."""
    (folder / name).unlink()
    os.mkfifo(folder / name)

    with pytest.raises(BundleError, match=r"cannot be read: it is not a file"):
        load_bundle(folder)
