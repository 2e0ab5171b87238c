"""Replacement of a manifest store in a file."""

from __future__ import annotations

import zlib

import pytest

from service.credentials.embedding import StoreNotFound, replace_store

OLD = bytes(range(256)) * 3
NEW = bytes(reversed(OLD))


def test_a_store_in_one_piece_is_replaced_in_place() -> None:
    """WebP and MP4 put nothing between its bytes."""
    for container in ("image/webp", "video/mp4"):
        assert replace_store(b"head" + OLD + b"tail", container, OLD, NEW) == (
            b"head" + NEW + b"tail"
        )


def test_a_png_gets_the_checksum_of_the_new_chunk() -> None:
    """Of its type and data."""

    def chunk(data: bytes) -> bytes:
        return b"\0\0\3\0caBX" + data + zlib.crc32(b"caBX" + data).to_bytes(4)

    content = b"head" + chunk(OLD) + b"tail"

    assert replace_store(content, "image/png", OLD, NEW) == b"head" + chunk(NEW) + b"tail"


def test_a_gif_keeps_the_lengths_of_its_blocks() -> None:
    """255 bytes each, and the rest."""

    def blocks(data: bytes) -> bytes:
        pieces = [data[k : k + 255] for k in range(0, len(data), 255)]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"

    content = b"head" + blocks(OLD) + b"tail"

    assert replace_store(content, "image/gif", OLD, NEW) == b"head" + blocks(NEW) + b"tail"


@pytest.mark.parametrize("container", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_a_file_without_the_store_is_not_changed_by_guess(container: str) -> None:
    """It would be damaged in silence."""
    with pytest.raises(StoreNotFound, match=container):
        replace_store(b"\xff\xeb\0\x10JP" * 400, container, OLD, NEW)
