"""Kinds of files, by content and by name."""

import pytest
from PIL import Image

from tests.training.data.picture_files import encode
from training.data.kinds import (
    HEAD,
    HEIC_ADVICE,
    UNKNOWN,
    is_picture,
    reason_of_kind,
    reason_to_pass,
    why_unreadable,
)

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


@pytest.mark.parametrize(
    "kind", ["AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "QOI", "TIFF", "WEBP"]
)
def test_pictures_are_known_by_their_content(kind: str) -> None:
    """Whatever their names are."""
    head = encode(Image.new("RGB", (16, 16)), kind)[:HEAD]

    assert is_picture("IMG_0001", head)
    assert not is_picture("IMG_0001")


@pytest.mark.parametrize("head", [b"", b"P5 is a text", b"BMW is a car", b"RIFF....AVI ", b"text"])
def test_other_content_is_no_picture(head: bytes) -> None:
    """Although some of it begins alike."""
    assert not is_picture("notes", head)


@pytest.mark.parametrize(
    "name",
    ["a.png", "deep/er/A.JPEG", "a.jfif", "a.pjpeg", "a.apng", "a.mpo", "a.heic", "a.HIF", "a.tga"],
)
def test_pictures_are_known_by_their_names(name: str) -> None:
    """Upper case counts too; a damaged file that was meant as a picture is named as such."""
    assert is_picture(name)
    assert reason_to_pass(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".hidden.png", "hidden, or of the system"),
        (".trash/a.png", "hidden, or of the system"),
        ("__MACOSX/a/._a.png", "hidden, or of the system"),
        ("cat/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "hidden, or of the system"),
        ("Thumbs.db", "hidden, or of the system"),
        ("cat/desktop.ini", "hidden, or of the system"),
        (".IMG_1.jpg.icloud", "not downloaded from the cloud yet"),
        ("a.jpg.nextcloud", "not downloaded from the cloud yet"),
        ("a.CR2", "camera raw (.cr2), to be converted first"),
    ],
)
def test_what_systems_add_is_passed_over(name: str, reason: str) -> None:
    """And cameras: the first picture in a raw file is a thumbnail."""
    assert reason_to_pass(name) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.TXT", "no picture (.txt)"),
        ("README", "no picture (no ending)"),
        ("what.is this, a long sentence", "no picture (no ending)"),
    ],
)
def test_other_files_are_counted_by_their_endings(name: str, reason: str) -> None:
    """A few groups, however many files."""
    assert reason_of_kind(name) == reason


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "is empty"),
        (HEIC, HEIC_ADVICE),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer; `git lfs pull`"),
        (b"/annex/objects/MD5E-s9--ab.jpg\n", "is a git-annex pointer; `git annex get`"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"<svg xmlns=", "is XML or SVG"),
        (b"%PDF-1.7", "is a PDF"),
        (bytes(64), "holds nothing but zeros"),
        (b"II*\x00\x08\x00\x00\x00", "begins like a picture that Pillow cannot read"),
        (b"notes of mine", UNKNOWN),
    ],
)
def test_a_file_that_cannot_be_read_says_what_it_is(head: bytes, reason: str) -> None:
    """As far as its beginning shows it, with what to do."""
    assert why_unreadable(head).startswith(reason)
