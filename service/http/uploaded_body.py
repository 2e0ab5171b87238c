"""The body of an upload: read in parts, and refused as soon as it passes the limit.

Owns the limits on bytes: the announced length is refused before a byte is read, the real one as
soon as it passes, whatever was announced. Slow clients are timed by `bounded_server`.
Nothing is kept on disk. Knows no format.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.requests import Request

from service.errors import BodyTooLarge, ClientGone
from service.uploads.decoder_pool import DecoderPool


def upload_too_large(limit: int) -> BodyTooLarge:
    """Return the error for an upload above `limit` bytes."""
    return BodyTooLarge(
        f"the file is larger than {limit} bytes: send a smaller one", allowed={"le": limit}
    )


@asynccontextmanager
async def uploaded_body(request: Request, limit: int, pool: DecoderPool) -> AsyncGenerator[bytes]:
    """Read the body of a request; its bytes are counted until the block ends.

    Args:
        request: a request whose body has not been read.
        limit: largest number of bytes.
        pool: counts the bytes of all uploads in progress.

    Raises:
        BodyTooLarge: the body, or its announced length, is above `limit`.
        QueueFull: all uploads together hold too many bytes.
        ClientGone: the client disconnected meanwhile.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise upload_too_large(limit)
    with pool.holding() as held:
        body, more = bytearray(), True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("the client hung up")
            part = message.get("body", b"")
            if len(body) + len(part) > limit:
                raise upload_too_large(limit)
            held.grow(len(part))
            body += part
            more = message.get("more_body", False)
        content = bytes(body)
        del body  # one copy is enough
        yield content
