"""Many clients at once, as bare connections on one event loop: patient, fleeting, too many."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.process import PATIENCE_S, request_of

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing throws away what was not sent, with a RST


@dataclass(frozen=True)
class Answer:
    """What one client got.

    Attributes:
        status: 0 if there was no whole answer.
        headers: by lower-case name.
        took_s: from the moment it was due to be asked, so that a slow client hides nothing.
    """

    line: str
    status: int
    took_s: float
    headers: dict[str, str] = field(default_factory=dict[str, str])


async def ask(port: int, line: str, due: float | None = None) -> Answer:
    """One request on a connection of its own, and its whole answer."""
    began = time.monotonic() if due is None else due
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request_of(line))
                head = await reader.readuntil(b"\r\n\r\n")
                status, headers = parsed(head)
                await reader.readexactly(int(headers.get("content-length", "0")))
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return Answer(line, 0, time.monotonic() - began)
    return Answer(line, status, time.monotonic() - began, headers)


async def leave(port: int, line: str, after_s: float, *, mid_answer: bool) -> None:
    """Ask, then hang up: after a while, or as soon as the answer has begun; often with a RST."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        writer.write(request_of(line))
        if mid_answer:
            await reader.read(10)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            await asyncio.sleep(after_s)
    writer.close()


async def arrive(port: int, lines: Sequence[str], rate: float) -> list[Answer]:
    """Ask all of `lines`, `rate` a second whatever becomes of them: an open loop."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[Answer]] = []
        for number, line in enumerate(lines):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(group.create_task(ask(port, line, due)))
    return [task.result() for task in tasks]


def parsed(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer."""
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}
