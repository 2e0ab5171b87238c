"""Uvicorn with limits for clients: size of a head, time for head and body, connections.

Uvicorn has none of the three for HTTP/1.1 with its httptools parser, and its concurrency limit
counts only complete requests. Owns the answers to requests that never reach the application:
400, 408, 431 and 503, as problems like all others. Knows no route but those of health.
"""

from __future__ import annotations

import asyncio
import functools
import json
import math
from asyncio import AbstractEventLoop, Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.http.connections import (
    BODY_BYTES_PER_S,
    HEAD_BYTES,
    HEAD_S,
    HEADER_OVERHEAD,
    LINGER_S,
    ConnectionLimits,
    ConnectionTable,
)
from service.http.problems import MEDIA_TYPE, TYPE_PREFIX

ALWAYS_ANSWERED = (b"/health/", b"/metrics")
CUT_OFF = "cut_off"  # in the state of a request: a function that cuts its answer off
HAS_STALLED = "has_stalled"  # there, too: true if the system cut off a client that took nothing
TICKS = 5  # of 0.1 s each, between two checks for expired connections

OnRefused = Callable[[int, str], None]

REFUSALS = {
    400: ("bad-request", "this is no HTTP/1.1 request"),
    408: ("request-timeout", f"the request did not come whole within {HEAD_S:g} s"),
    431: ("head-too-large", f"the line and the headers are larger than {HEAD_BYTES} bytes"),
    503: ("too-many-connections", "all connections are in use; try again"),
}


class RefusedError(Exception):
    """Ends the parsing of a refused request."""


class BoundedProtocol(HttpToolsProtocol):
    """Protocol of one connection.

    Attributes:
        expires_at: time at which its client counts as too slow; infinity while it may wait.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        table: ConnectionTable,
        refused: OnRefused,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.expires_at = math.inf
        self._table = table
        self._refused = refused
        self._may_ask = True
        self._is_refused = False
        self._status = 400  # of the answer to a request that cannot be parsed
        self._raw_bytes = 0  # received since the last event of the parser
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_began_at = math.inf

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Register the connection; it may replace a waiting one or use a spare place."""
        super().connection_made(transport)
        now = self.loop.time()
        self.expires_at = now + HEAD_S
        self._may_ask = self._table.add(self, now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the table."""
        self._table.remove(self)
        if isinstance(exc, TimeoutError) and not self._is_idle():  # by TCP_USER_TIMEOUT
            self.scope.setdefault("state", {})[HAS_STALLED] = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received data; refuse a head that exceeds its limit."""
        if self._is_refused:  # the client may still be sending, and must be able to read the reason
            return
        if self.expires_at == math.inf and self._is_idle():
            self.expires_at = self.loop.time() + HEAD_S
        self._raw_bytes += len(data)
        super().data_received(data)
        if self._raw_bytes > HEAD_BYTES and not self._is_refused:
            self._refuse(431)

    def give_way(self) -> None:
        """Close the connection so that another one can be opened."""
        self.transport.abort()

    def expire(self, now: float) -> None:
        """Refuse a request that is incomplete, unless its body arrives fast enough."""
        if self._is_refused:
            self.transport.abort()
            return
        due = self._body_began_at + HEAD_S + self._body_bytes / BODY_BYTES_PER_S
        if self.flow.read_paused or now < due < math.inf:
            self.expires_at = due if now < due < math.inf else now + 1
        elif self._raw_bytes or due < math.inf:
            self._refuse(408)
        else:  # nothing was received
            self.transport.close()

    def _cut_off(self, cycle: RequestResponseCycle) -> None:
        cycle.disconnected = True  # what is not sent yet need not be missed
        self.transport.close()  # sends what is written; a slow client has LINGER_S for it
        self.loop.call_later(LINGER_S, self.transport.abort)

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = getattr(self, "cycle", None)  # none before a request
        return cycle is None or cycle.response_complete

    # ------------------------------------------------------------------ the parser

    def on_message_begin(self) -> None:
        """Reset the size of the head."""
        super().on_message_begin()
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Count the bytes of the request line."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the bytes of a header or of a trailer."""
        super().on_header(name, value)
        self._count(len(name) + len(value) + HEADER_OVERHEAD)

    def on_headers_complete(self) -> None:
        """Pass the request on; beyond the limit only the state of the service may be requested."""
        if not (self._may_ask or self.url.startswith(ALWAYS_ANSWERED)):
            self._status = 503
            raise RefusedError
        self._raw_bytes, self._body_bytes = 0, 0
        self._body_began_at = self.loop.time()
        self.expires_at = self._body_began_at + HEAD_S
        self._table.at_work(self)
        super().on_headers_complete()
        self.scope.setdefault("state", {})[CUT_OFF] = functools.partial(self._cut_off, self.cycle)

    def on_body(self, body: bytes) -> None:
        """Count the bytes of the body; the application limits the total."""
        self._raw_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Disable the time limit while the client waits for its answer."""
        self._raw_bytes = 0
        self.expires_at = self._body_began_at = math.inf
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Register the connection as waiting for the next request."""
        super().on_response_complete()
        self._table.waits(self, self.loop.time())

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self._status = 431
            raise RefusedError

    # ------------------------------------------------------------------ answers of its own

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser rejected, for any reason."""
        del msg  # it is plain text
        self._refuse(self._status)

    def _refuse(self, status: int) -> None:
        self._is_refused = True
        self.expires_at = self.loop.time() + LINGER_S
        kind, _ = REFUSALS[status]
        self._refused(status, kind)
        if not self._is_idle():
            self.cycle.disconnected = True  # the application need not continue
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self.flow.resume_reading()
        self.transport.write(refusal(status))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def refusal(status: int) -> bytes:
    """Return the bytes of an HTTP answer after which the connection is closed."""
    kind, detail = REFUSALS[status]
    phrase = HTTPStatus(status).phrase
    problem = {"type": TYPE_PREFIX + kind, "title": phrase, "status": status, "detail": detail}
    body = json.dumps(problem).encode()
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        *(["retry-after: 1"] if status == HTTPStatus.SERVICE_UNAVAILABLE else []),
        "connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class BoundedServer(uvicorn.Server):
    """Server for one application and port.

    Args:
        config: configuration of uvicorn; its parser is replaced here.
        limits: limits for connections.
        refused: called with the status and the kind of each request that is refused here.
    """

    def __init__(
        self, config: uvicorn.Config, limits: ConnectionLimits, refused: OnRefused
    ) -> None:
        self._table = ConnectionTable(limits)
        protocol = functools.partial(BoundedProtocol, table=self._table, refused=refused)
        config.http = cast("type[asyncio.Protocol]", protocol)  # it is called like a class
        super().__init__(config)

    async def on_tick(self, counter: int) -> bool:
        """Close expired connections."""
        if counter % TICKS == 0:
            self._table.expire(asyncio.get_running_loop().time())
        return await super().on_tick(counter)
