"""ZIP files that are written front to back, with eight bytes of memory for each entry.

Owns the layout (PKWARE's APPNOTE 6.3.10, sections named below): entries are stored, with size and
checksum before their content, so that readers need no directory; ZIP64 where it is needed. The same
entries give the same bytes. `zipfile` and the streaming libraries keep a record of each entry in
memory, up to a gigabyte for a million. Knows no data sets.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from service.media.archives import ORDINARY_FILE, UNIX

FULL_32: Final = 0xFFFFFFFF  # this value says: look into the ZIP64 field
FULL_16: Final = 0xFFFF
STORED_VERSION: Final = 20  # 2.0, section 4.4.3
ZIP64_VERSION: Final = 45
OLDEST_DAY: Final = 0x21  # 1 January 1980 as MS-DOS has it, never the current time
ENTRY_HEAD: Final = struct.Struct("<4s5H3I2H")  # section 4.3.7
ENTRY_SIGNATURE: Final = b"PK\x03\x04"
DIRECTORY_ENTRY: Final = struct.Struct("<4s2B5H3I5H2I")  # section 4.3.12
ZIP64_OFFSET: Final = struct.Struct("<2HQ")  # section 4.5.3, with the offset alone
ZIP64_END: Final = struct.Struct("<4sQ2H2I4Q")  # section 4.3.14
ZIP64_LOCATOR: Final = struct.Struct("<4sIQI")  # section 4.3.15
END: Final = struct.Struct("<4s4H2IH")  # section 4.3.16


class ZipStream:
    """A ZIP file under construction.

    Args:
        limit: sizes and offsets from this one on stand in ZIP64 fields.
        count_limit: the same for the number of entries.
    """

    def __init__(self, limit: int = FULL_32, count_limit: int = FULL_16) -> None:
        self._limit = limit
        self._count_limit = count_limit
        self._checksums = array("I")
        self._sizes = array("I")
        self._end = 0

    def add(self, name: str, content: bytes) -> Iterator[bytes]:
        """Yield the bytes of an entry; `name` is ASCII.

        Raises:
            ValueError: the content has 4 GiB or more.
        """
        if len(content) >= FULL_32:
            raise ValueError(f"{name} has {len(content)} bytes, too many for one entry of a ZIP")
        checksum = zlib.crc32(content)
        yield entry_head(name, checksum, len(content))
        yield content
        self.skip(name, checksum, len(content))

    def skip(self, name: str, checksum: int, size: int) -> None:
        """Count an entry that is written already."""
        self._checksums.append(checksum)
        self._sizes.append(size)
        self._end += ENTRY_HEAD.size + len(name) + size

    def end(self, names: Iterable[str]) -> Iterator[bytes]:
        """Yield the directory and the end of the file, in pieces.

        Args:
            names: the names of all entries again, in the same order; they were not kept.
        """
        offset = length = 0
        for name, checksum, size in zip(names, self._checksums, self._sizes, strict=True):
            piece = self._directory_entry(name, checksum, size, offset)
            offset += ENTRY_HEAD.size + len(name) + size
            length += len(piece)
            yield piece
        yield from self._closing(length)

    def _directory_entry(self, name: str, checksum: int, size: int, offset: int) -> bytes:
        extra, version = b"", STORED_VERSION
        if offset >= self._limit:
            extra, version = ZIP64_OFFSET.pack(1, 8, offset), ZIP64_VERSION
            offset = FULL_32
        text = name.encode("ascii")
        packed = DIRECTORY_ENTRY.pack(
            b"PK\x01\x02",
            version,
            UNIX,
            version,
            0,  # flags
            0,  # stored
            0,
            OLDEST_DAY,
            checksum,
            size,
            size,
            len(text),
            len(extra),
            0,  # comment
            0,  # disk
            0,
            ORDINARY_FILE,
            offset,
        )
        return packed + text + extra

    def _closing(self, length: int) -> Iterator[bytes]:
        count, start = len(self._sizes), self._end
        if count >= self._count_limit or start >= self._limit or length >= self._limit:
            yield ZIP64_END.pack(
                b"PK\x06\x06",
                ZIP64_END.size - 12,  # without signature and this size
                UNIX << 8 | ZIP64_VERSION,
                ZIP64_VERSION,
                0,
                0,
                count,
                count,
                length,
                start,
            )
            yield ZIP64_LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)
            count, length, start = FULL_16, FULL_32, FULL_32
        yield END.pack(b"PK\x05\x06", 0, 0, count, count, length, start, 0)


def entry_head(name: str, checksum: int, size: int) -> bytes:
    """Return the bytes before the content of an entry."""
    text = name.encode("ascii")
    fixed = (
        ENTRY_SIGNATURE,
        STORED_VERSION,
        0,
        0,
        0,
        OLDEST_DAY,
        checksum,
        size,
        size,
        len(text),
        0,
    )
    return ENTRY_HEAD.pack(*fixed) + text
