"""Tar files that are written front to back: headers (POSIX ustar) and padding.

Owns the fixed fields: the same members give the same bytes. Knows no data sets.
"""

from __future__ import annotations

import tarfile
from typing import Final

MEMBER_MODE: Final = 0o644
TAR_END: Final = bytes(2 * tarfile.BLOCKSIZE)


def tar_member(name: str, content: bytes) -> bytes:
    """Return a member: its header, its content and the padding to a whole block.

    Raises:
        ValueError: the name is too long, or the content has 8 GiB or more.
    """
    head = tarfile.TarInfo(name)
    head.size, head.mode, head.mtime = len(content), MEMBER_MODE, 0
    padding = -len(content) % tarfile.BLOCKSIZE
    return b"".join([head.tobuf(tarfile.USTAR_FORMAT), content, bytes(padding)])
