"""Messages over a Unix socket: each as its length and its bytes.

Owns the frames, and the passing of a descriptor with a new connection. The end of the other process
is seen at once, as the end of the stream. Knows no message by name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

LENGTH = struct.Struct(">I")
LARGEST_FRAME = 2**28  # bytes; of catalogues and metrics, which are far smaller
GREETING = b"\0"  # sent with the descriptor

Received = TypeVar("Received")

log = logging.getLogger(__name__)


class FrameConnection(asyncio.Protocol, Generic[Received]):
    """One connection on which messages are sent and received.

    Args:
        decoder: of the messages that the other side sends.
        received: called with each message.
        lost: called once, when the connection has ended.
    """

    def __init__(
        self,
        decoder: msgspec.msgpack.Decoder[Received],
        received: Callable[[Received], None],
        lost: Callable[[], None],
    ) -> None:
        self._decoder = decoder
        self._received = received
        self._lost = lost
        self._encoder = msgspec.msgpack.Encoder()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: msgspec.Struct) -> None:
        """Send a message; without effect if the connection has ended."""
        if self._transport is not None and not self._transport.is_closing():
            encoded = self._encoder.encode(message)
            self._transport.write(LENGTH.pack(len(encoded)) + encoded)

    def close(self) -> None:
        """End the connection when what was sent has left."""
        if self._transport is not None:
            self._transport.close()

    # ------------------------------------------------------------------ called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass complete messages on; bytes that are none of ours end the connection."""
        buffer = self._buffer
        buffer += data
        begin = 0
        while len(buffer) - begin >= LENGTH.size:
            (length,) = LENGTH.unpack_from(buffer, begin)
            end = begin + LENGTH.size + length
            if length > LARGEST_FRAME:
                self._refuse(f"a message of {length} bytes is none of ours")
                return
            if len(buffer) < end:
                break
            try:
                message = self._decoder.decode(bytes(memoryview(buffer)[begin + LENGTH.size : end]))
            except msgspec.MsgspecError as error:
                self._refuse(str(error))
                return
            begin = end
            self._received(message)
        del buffer[:begin]

    def _refuse(self, reason: str) -> None:
        """End the connection at once: what follows wrong bytes cannot be told apart."""
        log.error("a connection of two processes is ended, its messages cannot be read: %s", reason)
        self._buffer.clear()
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the end."""
        del exc  # the other process has ended: its own log says why
        self._transport = None
        self._lost()


def listen_unnamed() -> socket.socket:
    """Return a listening Unix socket at an address that the system chose, without a file."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("")
    listener.listen()
    listener.setblocking(False)
    return listener


async def connect_with(address: bytes, descriptor: int) -> socket.socket:
    """Connect to a Unix socket, and pass it a descriptor.

    Raises:
        OSError: nobody listens there.
        PermissionError: the listener belongs to another user.
    """
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connected, address)
        require_same_user(connected)
        socket.send_fds(connected, [GREETING], [descriptor])
    except BaseException:
        connected.close()
        raise
    return connected


def receive_descriptor(accepted: socket.socket) -> int | None:
    """Return the descriptor that a new connection passes; None if it passes none."""
    greeting, descriptors, _, _ = socket.recv_fds(accepted, len(GREETING), 1)
    return descriptors[0] if greeting and descriptors else None


def require_same_user(connected: socket.socket) -> None:
    """Check that the process at the other end belongs to this user.

    Raises:
        PermissionError: it does not.
    """
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    if user != os.geteuid():
        raise PermissionError(f"the process at the other end belongs to user {user}")
