"""Messages over a Unix socket, in any pieces, until either side ends."""

from __future__ import annotations

import asyncio
import os
import struct

import msgspec
import pytest

from service.processes.frames import (
    LARGEST_FRAME,
    FrameConnection,
    connect_with,
    listen_unnamed,
    receive_descriptor,
    require_same_user,
)
from service.processes.messages import CancelRequest
from tests.service.processes.connected import pair, until

pytestmark = pytest.mark.anyio


class Side:
    """What one side has received."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.is_lost = False
        self.connection = FrameConnection(
            msgspec.msgpack.Decoder(CancelRequest),
            lambda message: self.received.append(message.number),
            self._lost,
        )

    def _lost(self) -> None:
        self.is_lost = True


async def test_messages_arrive_in_order_and_the_end_is_told() -> None:
    """Many at once."""
    one, two = Side(), Side()
    loop = asyncio.get_running_loop()
    for side, end in zip((one, two), pair(), strict=True):
        await loop.create_unix_connection(lambda side=side: side.connection, sock=end)
    for number in range(1000):
        one.connection.send(CancelRequest(number))
    await until(lambda: len(two.received) == 1000)
    one.connection.close()
    await until(lambda: two.is_lost and one.is_lost)
    two.connection.send(CancelRequest(0))

    assert two.received == [*range(1000)]
    assert not two.connection.is_open


def test_pieces_of_any_size_make_the_same_messages() -> None:
    """A stream has no borders."""
    encoded = [msgspec.msgpack.encode(CancelRequest(n)) for n in range(5)]
    stream = b"".join(struct.pack(">I", len(each)) + each for each in encoded)
    for size in range(1, len(stream) + 1):
        side = Side()
        for begin in range(0, len(stream), size):
            side.connection.data_received(stream[begin : begin + size])
        assert side.received == [0, 1, 2, 3, 4]


WRONG_BYTES = {
    "too long": struct.pack(">I", LARGEST_FRAME + 1),
    "empty": struct.pack(">I", 0),
    "no MessagePack": struct.pack(">I", 3) + b"\xc1\xc1\xc1",
    "of another type": struct.pack(">I", 2) + msgspec.msgpack.encode([]) + b"\0",
}


@pytest.mark.parametrize("wrong", WRONG_BYTES.values(), ids=WRONG_BYTES)
async def test_bytes_that_are_no_message_end_the_connection(
    wrong: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """With one sentence; what came before them is passed on, what follows is not."""
    side, (ours, theirs) = Side(), pair()
    loop = asyncio.get_running_loop()
    await loop.create_unix_connection(lambda: side.connection, sock=ours)
    encoded = msgspec.msgpack.encode(CancelRequest(7))
    right = struct.pack(">I", len(encoded)) + encoded
    await loop.sock_sendall(theirs, right + wrong + right)
    await until(lambda: side.is_lost)
    theirs.close()

    assert side.received == [7]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "its messages cannot be read" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_descriptor_comes_with_the_connection() -> None:
    """From a process of this user alone; no file shows the address."""
    listener = listen_unnamed()
    address: bytes = listener.getsockname()
    memory = os.memfd_create("test")
    os.write(memory, b"shared")
    ours = await connect_with(address, memory)
    theirs, _ = listener.accept()
    require_same_user(theirs)
    await asyncio.sleep(0)
    descriptor = receive_descriptor(theirs)
    assert descriptor is not None
    assert os.pread(descriptor, 6, 0) == b"shared"
    ours.close()
    assert receive_descriptor(theirs) is None
    for each in (theirs, listener):
        each.close()
    for number in (memory, descriptor):
        os.close(number)

    assert address.startswith(b"\0")
    with pytest.raises(ConnectionRefusedError):
        await connect_with(address, 0)
