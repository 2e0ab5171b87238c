"""Parts of files: the header `Range`, and a store of files for further range requests.

Owns the parsing (RFC 9110, section 14) and a bounded store of recent files: an animation that a
video client fetches in ranges is rendered once. A file that nobody has asked for since
`RECENT_S` is removed: later requests render the same bytes again. Knows no pictures.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from service.errors import RangeNotSatisfiable
from service.files import File

RECENT_BYTES: Final = 64 << 20  # of all stored files together
RECENT_S: Final = 60.0  # since the last request of a file

# Spaces match in one place alone: in two, the time would grow with the square of their number.
_ONE_RANGE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})\s*)?-\s*([0-9]{1,18})?", re.IGNORECASE)


def wanted_range(request: Request, etag: str, length: int) -> tuple[int, int] | None:
    """Return the first and last byte of a range requested of `length` bytes; None: the whole file.

    A header that is malformed, of another unit or of several ranges is ignored, as section 14.2
    allows; so is a header whose `If-Range` is not `etag`, and any for an answer with a weak `etag`:
    pieces of two files would not fit together.

    Raises:
        RangeNotSatisfiable: the range begins after the end of the file.
    """
    header = request.headers.get("range")
    condition = request.headers.get("if-range")
    if request.method != "GET" or header is None or condition not in (None, etag):
        return None
    if etag.startswith("W/"):
        return None
    found = _ONE_RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:  # suffix range: the last n bytes
        count = int(found[2])
        first, last = max(length - count, 0), length - 1
        if count == 0:
            raise RangeNotSatisfiable(length)
        return first, last
    first, last = int(found[1]), int(found[2]) if found[2] else length - 1
    if found[2] and last < first:
        return None
    if first >= length:
        raise RangeNotSatisfiable(length)
    return first, min(last, length - 1)


class RecentFiles:
    """Files of recent answers by their ETag; the least recently used is removed first.

    Args:
        limit: maximum number of stored bytes.
        clock: seconds, which only increase.
    """

    def __init__(
        self, limit: int = RECENT_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._files: OrderedDict[str, tuple[float, File]] = OrderedDict()  # time of the last use
        self._bytes = 0

    def get(self, etag: str) -> File | None:
        """Return the file of `etag`, or None if it is not stored."""
        self._remove_old()
        if etag not in self._files:
            return None
        _, file = self._files.pop(etag)
        self._files[etag] = self._clock(), file
        return file

    def put(self, etag: str, file: File) -> None:
        """Store a file, unless it is larger than the limit."""
        self._remove_old()
        if len(file.content) > self._limit or etag in self._files:
            return
        self._files[etag] = self._clock(), file
        self._bytes += len(file.content)
        while self._bytes > self._limit:
            self._remove_first()

    def _remove_old(self) -> None:
        until = self._clock() - RECENT_S
        while self._files and next(iter(self._files.values()))[0] <= until:
            self._remove_first()

    def _remove_first(self) -> None:
        _, (_, oldest) = self._files.popitem(last=False)
        self._bytes -= len(oldest.content)
