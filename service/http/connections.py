"""Bounds on connections: how many there may be, who gives way, and for how long one may be silent.

Owns the numbers and the table of open connections. When it is full, the connection that has waited
longest without a whole request gives way to a new one; when all are at work, a few more may ask for
the state of the service alone. Knows no HTTP parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

try:
    import resource
except ImportError:  # Windows
    resource = None

HEAD_BYTES = 65_536  # of one request: its line and its headers
HEADER_OVERHEAD = 32  # bytes each header counts more than its text, as in RFC 7541, section 4.1
HEAD_S = 10.0  # seconds to send the head of a request, and to begin with its body
BODY_BYTES_PER_S = 500  # a slower body has no right to its connection
SENDING_S = 0.05  # seconds that a connection has for its request while there is any place left
LINGER_S = 2.0  # seconds in which a refused client can read why

MOST_CONNECTIONS = 4096
MOST_DESCRIPTORS = 65_536
OWN_SHARE = 3  # of the free descriptors a third is left to the engine, files and sockets of ours
MOST_OWN = 64
MOST_SPARE = 16
DESCRIPTORS = Path("/proc/self/fd")
USUALLY_OPEN = 32  # where the system does not tell


@dataclass(frozen=True)
class ConnectionLimits:
    """How many connections one port may have.

    Attributes:
        usual: for any request.
        spare: more, for the state of the service alone.
    """

    usual: int
    spare: int

    def shared(self) -> tuple[ConnectionLimits, ConnectionLimits]:
        """The limits of two ports: a quarter for the second, the rest for the first."""
        usual, spare = max(2, self.usual // 4), max(2, self.spare // 2)
        first = ConnectionLimits(max(2, self.usual - usual), max(2, self.spare - spare))
        return first, ConnectionLimits(usual, spare)


def connection_limits(most_open: int, now_open: int) -> ConnectionLimits:
    """The limits for a process that may have `most_open` descriptors and has `now_open`."""
    free = max(0, most_open - now_open)
    room = min(MOST_CONNECTIONS, free - min(free // OWN_SHARE, MOST_OWN))
    spare = max(2, min(MOST_SPARE, room // 4))
    return ConnectionLimits(max(2, room - spare), spare)


def limits_of_this_process() -> ConnectionLimits:
    """The limits, after the process has allowed itself as many descriptors as it may."""
    if resource is None:
        return connection_limits(MOST_DESCRIPTORS, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    now_open = len([*DESCRIPTORS.iterdir()]) if DESCRIPTORS.is_dir() else USUALLY_OPEN
    return connection_limits(most if soft == resource.RLIM_INFINITY else soft, now_open)


class Connection(Protocol):
    """What the table asks of a connection.

    Attributes:
        expires_at: when its client has been silent or slow for too long; infinity if it may wait.
    """

    expires_at: float

    def expire(self, now: float) -> None:
        """End it, or give it more time where it has earned that."""
        ...

    def give_way(self) -> None:
        """End it at once."""
        ...


class ConnectionTable:
    """The open connections of one port."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._open: set[Connection] = set()
        self._waiting: dict[
            Connection, float
        ] = {}  # without a whole request, since when; oldest first

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection, now: float) -> bool:
        """Take a new connection; returns whether it may ask for anything.

        Args:
            now: seconds, of a clock that only moves forward.
        """
        self._open.add(connection)
        self._waiting[connection] = now
        while self._waiting and len(self._open) > self._limits.usual:
            oldest = next(iter(self._waiting))
            is_full = len(self._open) > self._limits.usual + self._limits.spare
            if not (is_full or now - self._waiting[oldest] >= SENDING_S):
                break
            self.remove(oldest)
            oldest.give_way()
        if len(self._open) > self._limits.usual + self._limits.spare:
            self.remove(connection)
            connection.give_way()
        return connection in self._open and len(self._open) <= self._limits.usual

    def at_work(self, connection: Connection) -> None:
        """Note that a connection has sent the head of a request."""
        self._waiting.pop(connection, None)

    def waits(self, connection: Connection, now: float) -> None:
        """Note that a connection has had its answer and may send the next request."""
        if connection in self._open:
            self._waiting[connection] = now

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def expire(self, now: float) -> None:
        """End the connections whose time is over."""
        for connection in self._over(now):
            connection.expire(now)

    def _over(self, now: float) -> Iterable[Connection]:
        return [connection for connection in self._open if connection.expires_at <= now]
