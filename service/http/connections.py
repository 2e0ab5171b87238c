"""Limits on connections: their number, which one is closed for a new one, how long one may be idle.

Owns the numbers and the table of open connections. When it is full, the connection that has waited
longest without a complete request is closed for a new one; when all are busy, a few more may
request only the state of the service. Knows no HTTP parser.
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

HEAD_BYTES = 65_536  # of one request: request line and headers
HEADER_OVERHEAD = 32  # bytes added to the text of each header, as in RFC 7541, section 4.1
HEAD_S = 10.0  # seconds to send the head of a request, and to begin its body
BODY_BYTES_PER_S = 500  # a connection with a slower body is closed
SENDING_S = 0.05  # seconds that a new connection has for its request while a spare place is left
LINGER_S = 2.0  # seconds for a refused client to read the reason

MOST_CONNECTIONS = 4096
MOST_DESCRIPTORS = 65_536
OWN_SHARE = 3  # up to 1/3 of the free descriptors is for the engine, files and own sockets
MOST_OWN = 64
MOST_SPARE = 16
DESCRIPTORS = Path("/proc/self/fd")
USUALLY_OPEN = 32  # open descriptors, where the system does not report their number


@dataclass(frozen=True)
class ConnectionLimits:
    """Maximum number of connections of one port.

    Attributes:
        usual: number of connections for any request.
        spare: number of further connections, only for the state of the service.
    """

    usual: int
    spare: int

    def shared(self) -> tuple[ConnectionLimits, ConnectionLimits]:
        """Return the limits of two ports: a quarter for the second, the rest for the first."""
        usual, spare = max(2, self.usual // 4), max(2, self.spare // 2)
        first = ConnectionLimits(max(2, self.usual - usual), max(2, self.spare - spare))
        return first, ConnectionLimits(usual, spare)


def connection_limits(most_open: int, now_open: int) -> ConnectionLimits:
    """Return the limits for a process that may have `most_open` descriptors and has `now_open`."""
    free = max(0, most_open - now_open)
    room = min(MOST_CONNECTIONS, free - min(free // OWN_SHARE, MOST_OWN))
    spare = max(2, min(MOST_SPARE, room // 4))
    return ConnectionLimits(max(2, room - spare), spare)


def limits_of_this_process() -> ConnectionLimits:
    """Raise the descriptor limit of the process to its maximum; return the connection limits."""
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
    """Interface that the table requires of a connection.

    Attributes:
        expires_at: time at which its client counts as too slow; infinity while it may wait.
    """

    expires_at: float

    def expire(self, now: float) -> None:
        """Close it, or extend its time if its body arrives fast enough."""
        ...

    def give_way(self) -> None:
        """Close it immediately."""
        ...


class ConnectionTable:
    """Table of the open connections of one port."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._open: set[Connection] = set()
        self._waiting: dict[
            Connection, float
        ] = {}  # time since when it waits without a complete request; oldest first

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection, now: float) -> bool:
        """Add a new connection; return True if it may request any route.

        Args:
            now: time in seconds, of a monotonic clock.
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
        """Record that a connection has sent the head of a request."""
        self._waiting.pop(connection, None)

    def waits(self, connection: Connection, now: float) -> None:
        """Record that a connection has received its answer and may send the next request."""
        if connection in self._open:
            self._waiting[connection] = now

    def remove(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def expire(self, now: float) -> None:
        """Expire the connections whose time is over."""
        for connection in self._over(now):
            connection.expire(now)

    def _over(self, now: float) -> Iterable[Connection]:
        return [connection for connection in self._open if connection.expires_at <= now]
