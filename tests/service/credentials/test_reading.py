"""Reports about the Content Credentials of files."""

from __future__ import annotations

import pytest

from service.credentials.reading import (
    LARGEST_FILE,
    CredentialReport,
    CredentialState,
    container_of,
    read_credentials,
)
from service.media.animation import animate
from service.media.encoding import encode
from tests.service.pictures import FACTS, painted


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_a_picture_without_credentials_has_none(name: str) -> None:
    """XMP, EXIF and text fields are no Content Credentials."""
    report = read_credentials(encode(painted(32), name, FACTS), f"image/{name}")

    assert report == CredentialReport(CredentialState.NONE)


@pytest.mark.parametrize(
    "content",
    [b"", b"c2pa", b"PK\x03\x04", b"%PDF-1.7 c2pa", b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)
def test_a_file_of_another_kind_is_named_and_not_opened(content: bytes) -> None:
    """Only the kinds of files that the service makes reach the library."""
    report = read_credentials(content, "text/x-other")

    assert report.state is CredentialState.NONE
    assert "'text/x-other' is not read, only image/png" in report.failures[0]


def test_half_a_picture_is_told_from_one_without_credentials() -> None:
    """It may have had some, so the reason is given."""
    content = encode(painted(32), "png", FACTS)

    report = read_credentials(content[: len(content) // 2], "image/png")

    assert report.state is CredentialState.NONE
    assert "this is no whole file of type image/png" in report.failures[0]


@pytest.mark.parametrize(
    ("name", "container"),
    [("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif"), ("mp4", "video/mp4")],
)
def test_the_bytes_tell_the_kind_of_an_animation(name: str, container: str) -> None:
    """Whatever its sender calls it."""
    content = animate([painted(32), painted(32)], name, 10, True, FACTS)

    assert container_of(content) == container
    assert read_credentials(content, "image/jpeg").state is CredentialState.NONE


def test_a_file_that_is_too_large_is_refused() -> None:
    """Before it is copied."""
    with pytest.raises(ValueError, match=f"up to {LARGEST_FILE} are read"):
        read_credentials(bytes(LARGEST_FILE + 1), "image/png")


def test_trusted_roots_that_are_none_are_refused() -> None:
    """A file would seem untrusted for a reason that lies with the reader."""
    with pytest.raises(ValueError, match="PEM"):
        read_credentials(b"", "image/png", "the root of all trust")
