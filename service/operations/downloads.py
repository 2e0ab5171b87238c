"""The downloads of data sets that are open: how many there may be, and their end at shutdown.

Owns their number, the one place that each client may have, the time after which a refused client
may come again, and the signal to end. All calls come from the event loop. Knows neither archives
nor HTTP.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from service.batching.engine import RESTART_S
from service.errors import Draining, Refused, RequestError

UNKNOWN_RETRY_S: Final = 60  # seconds, while no download has shown how long it takes
LONGEST_WAIT_S: Final = 600
LONGEST_OWN_WAIT_S: Final = 60  # an open download may be one whose connection is lost


class DatasetsOff(RequestError):
    """The operator has turned data sets off."""

    status = 403
    kind = "datasets-off"
    title = "There are no data sets here"


class DatasetsFull(Refused):
    """As many data sets are being downloaded as may be at a time."""

    kind = "datasets-full"
    title = "Too many data sets are being downloaded"


class DatasetOpen(Refused):
    """The client is downloading a data set already."""

    status = 429
    kind = "dataset-open"
    title = "This client is downloading a data set already"


@dataclass(eq=False)
class Download:
    """One open download.

    Attributes:
        client: name of its client.
        count: number of its pictures.
        began: clock time of its begin in seconds.
        done: number of pictures that were sent.
        ending: set when the service shuts down.
    """

    client: str
    count: int
    began: float
    done: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def left_s(self, now: float) -> float:
        """Predicted seconds until its end, at its speed so far."""
        if not self.done:
            return UNKNOWN_RETRY_S
        return (self.count - self.done) * (now - self.began) / self.done


class OpenDownloads:
    """The open downloads.

    Args:
        limit: largest number of open downloads; 0 turns data sets off.
        clock: monotonic clock in seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._open: set[Download] = set()
        self._is_ending = False

    def __len__(self) -> int:
        return len(self._open)

    def require_on(self) -> None:
        """Refuse a request for a data set if there are none here.

        Raises:
            DatasetsOff: the limit is 0.
        """
        if not self._limit:
            raise DatasetsOff(
                "this service gives no data sets: its operator has set PROGAN_MAX_DATASETS to 0"
            )

    @contextmanager
    def opened(self, client: str, count: int) -> Generator[Download]:
        """Open a download of `count` pictures for a client, until the end of the block.

        Raises:
            DatasetsOff: there are no data sets here.
            DatasetOpen: the client has one already.
            DatasetsFull: too many are open.
            Draining: the service shuts down.
        """
        self.require_on()
        if self._is_ending:
            raise Draining("this server is shutting down: try again", retry_after_s=RESTART_S)
        self._require_place(client)
        download = Download(client, count, self._clock())
        self._open.add(download)
        try:
            yield download
        finally:
            self._open.remove(download)

    def _require_place(self, client: str) -> None:
        now = self._clock()
        for own in self._open:
            if own.client == client:
                raise DatasetOpen(
                    f"this client is downloading a data set of {own.count} pictures, and may have "
                    "one at a time: try again when it has ended",
                    retry_after_s=min(LONGEST_OWN_WAIT_S, int(own.left_s(now)) + 1),
                )
        if len(self._open) >= self._limit:
            left_s = min(each.left_s(now) for each in self._open)
            raise DatasetsFull(
                f"{len(self._open)} data sets are being downloaded, and {self._limit} may be: try "
                "again when one has ended",
                retry_after_s=min(LONGEST_WAIT_S, int(left_s) + 1),
            )

    def end(self) -> None:
        """Tell all downloads to end now, and open no more."""
        self._is_ending = True
        for download in self._open:
            download.ending.set()
