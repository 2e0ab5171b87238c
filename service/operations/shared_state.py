"""State that holds for the whole service, however many processes answer requests.

Owns the protocol `SharedState` and its form for one process: windows of rate limits, places of data
sets, metrics and recent refusals. Knows no HTTP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from prometheus_client.registry import Collector

from service.access.rate import RateLimit
from service.operations.metrics import Metrics


class SharedState(Protocol):
    """State of the whole service, for each process that answers. All calls come from its loop."""

    async def take_request(self, key: bytes | None, address: str) -> None:
        """Count one request of a client.

        Args:
            key: digest of its key, if it has a valid one.
            address: its IP address.

        Raises:
            RateExceeded: its window is used up.
        """
        ...

    @property
    def most_pictures(self) -> int | None:
        """The largest number of pictures in data sets in one window; None without a limit."""
        ...

    async def require_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Check that a client's window of pictures has room, without counting.

        Raises:
            RateExceeded: it has not.
        """
        ...

    def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent in a data set."""
        ...

    def place(self, client: str, count: int) -> AbstractAsyncContextManager[Callable[[int], None]]:
        """Take the place of a data set of `count` pictures until the end of the block.

        Yields:
            A function that is told the number of pictures that were sent so far.

        Raises:
            DatasetOpen: the client has one already.
            DatasetsFull: too many are open.
        """
        ...

    async def metrics(self) -> Collector:
        """The metrics of the whole service."""
        ...

    async def recent_refusals(self) -> Counter[str]:
        """Requests that were refused in the last minute, by reason."""
        ...


class ClientWindows:
    """The rate limits of clients: of requests, and of pictures in data sets.

    Args:
        rate, dataset_rate: rates such as `120/minute`; None without a limit.

    Attributes:
        requests, pictures: None without a limit.
    """

    def __init__(self, rate: str | None, dataset_rate: str | None) -> None:
        self.requests = RateLimit(rate) if rate else None
        self.pictures = RateLimit(dataset_rate, "pictures") if dataset_rate else None

    def take_request(self, key: bytes | None, address: str) -> None:
        """Count one request of a client, or raise `RateExceeded`."""
        if self.requests is not None:
            self.requests.take(key, address)

    def require_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Raise `RateExceeded` if a client's window has no room for pictures."""
        if self.pictures is not None:
            self.pictures.require(key, address, amount)

    def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent."""
        if self.pictures is not None:
            self.pictures.count(key, address, amount)


class LocalState:
    """Implements `SharedState` for a service of one process."""

    def __init__(self, windows: ClientWindows, metrics: Metrics) -> None:
        self._windows = windows
        self._metrics = metrics

    async def take_request(self, key: bytes | None, address: str) -> None:
        """Count one request of a client, or raise `RateExceeded`."""
        self._windows.take_request(key, address)

    @property
    def most_pictures(self) -> int | None:
        """The largest number of pictures in one window; None without a limit."""
        return self._windows.pictures.most if self._windows.pictures else None

    async def require_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Raise `RateExceeded` if a client's window has no room for pictures."""
        self._windows.require_pictures(key, address, amount)

    def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent."""
        self._windows.count_pictures(key, address, amount)

    @asynccontextmanager
    async def place(self, client: str, count: int) -> AsyncGenerator[Callable[[int], None]]:
        """Do nothing: the open downloads of this process are all there are."""
        del client, count
        yield lambda _: None

    async def metrics(self) -> Collector:
        """The metrics of this process."""
        return self._metrics.registry

    async def recent_refusals(self) -> Counter[str]:
        """Requests that this process refused in the last minute."""
        return self._metrics.recent_refusals.totals()
