"""Bodies of uploads: as large as allowed, whatever their length is said to be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.requests import Request
from starlette.types import Message

from service.errors import BodyTooLarge, ClientGone, QueueFull
from service.http.uploaded_body import uploaded_body
from service.uploads.decoder_pool import DecoderPool

pytestmark = pytest.mark.anyio


def request(parts: Iterable[bytes], length: int | None = None, *, gone: bool = False) -> Request:
    """A request whose client sends `parts`, and hangs up before the end if it is `gone`."""
    queue: list[Message] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    queue.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})

    async def receive() -> Message:
        if queue:
            return queue.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "headers": headers}, receive)


async def test_a_body_is_read_whole_and_counted_until_it_is_done_with() -> None:
    """In as many parts as it comes."""
    pool = DecoderPool()
    async with uploaded_body(request([b"ab", b"", b"c"]), 3, pool) as content:
        assert content == b"abc"
        assert pool.held_bytes == 3

    assert pool.held_bytes == 0
    pool.close()


async def test_an_announced_length_is_refused_before_anything_is_read() -> None:
    """The limit is said."""
    refused = request([], 4)

    with pytest.raises(BodyTooLarge, match="larger than 3 bytes") as error:
        async with uploaded_body(refused, 3, DecoderPool()):
            raise AssertionError
    assert error.value.members["allowed"] == {"le": 3}


@pytest.mark.parametrize("length", [None, 1, 3])
async def test_a_longer_body_than_announced_is_refused_when_it_passes(length: int | None) -> None:
    """Chunked bodies announce nothing, and some clients lie."""
    pool = DecoderPool()
    with pytest.raises(BodyTooLarge):
        async with uploaded_body(request([b"ab", b"cd"], length), 3, pool):
            raise AssertionError

    assert pool.held_bytes == 0
    pool.close()


async def test_a_client_that_hangs_up_holds_nothing() -> None:
    """No more than one that was refused since others hold too much."""
    pool = DecoderPool(max_bytes=4)
    with pytest.raises(ClientGone):
        async with uploaded_body(request([b"ab"], gone=True), 3, pool):
            raise AssertionError
    async with uploaded_body(request([b"abc"]), 9, pool):
        with pytest.raises(QueueFull):
            async with uploaded_body(request([b"abc"]), 9, pool):
                raise AssertionError

    assert pool.held_bytes == 0
    pool.close()
