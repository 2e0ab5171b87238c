"""Members of tar files: as Python's tarfile reads them."""

from __future__ import annotations

import io
import tarfile

import pytest

from service.datasets.tar_stream import TAR_END, tar_member


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513])
def test_members_are_read_back_whatever_their_size(size: int) -> None:
    """Each is padded to whole blocks."""
    content = tar_member("000007.png", b"x" * size) + tar_member("000007.json", b"{}") + TAR_END
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        first = archive.extractfile("000007.png")

        assert names == ["000007.png", "000007.json"]
        assert first is not None
        assert first.read() == b"x" * size


def test_no_time_and_no_owner_enters() -> None:
    """So the same members are the same bytes on every machine."""
    with tarfile.open(fileobj=io.BytesIO(tar_member("a", b"b") + TAR_END)) as archive:
        (head,) = archive.getmembers()

    assert (head.mtime, head.uid, head.gid, head.uname, head.gname) == (0, 0, 0, "", "")
    assert head.mode == 0o644


def test_a_name_that_does_not_fit_is_refused() -> None:
    """Instead of being cut."""
    with pytest.raises(ValueError, match="name is too long"):
        tar_member("n" * 300, b"")
