"""Checks before and during a request: empty body, no repeated parameters, connected client.

Plain ASGI and plain `receive`: a middleware based on `BaseHTTPMiddleware` would hide disconnects.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive

from service.errors import BodyNotTaken, BodyTooLarge, ClientGone, OutOfRange

T = TypeVar("T")

# Parameters that may be repeated, by the path of their route.
REPEATABLE = {"/generate": ("seed",), "/interpolate": ("seed",)}


def refuse_large_body(headers: Headers, limit: int) -> None:
    """Refuse a body by its announced length, before reading any of it.

    Raises:
        BodyTooLarge: the announced length is above `limit` bytes.
    """
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)


def too_large(limit: int) -> BodyTooLarge:
    """Return the error for a body above `limit` bytes."""
    return BodyTooLarge(
        f"the body is larger than {limit} bytes; parameters go in the query: send no body",
        allowed={"le": limit},
    )


def refuse_repeated_parameters(request: Request) -> None:
    """Refuse a parameter that is given twice, since its value would be ambiguous.

    Raises:
        OutOfRange: a parameter is repeated and is not in `REPEATABLE`.
    """
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeatable = REPEATABLE.get(getattr(request.scope.get("route"), "path", ""), ())
    for name, count in counts.items():
        if count > 1 and name not in repeatable:
            raise OutOfRange(name, f"it is given {count} times: give it once", {"max_length": 1})


async def refuse_body(request: Request, limit: int) -> None:
    """Read the body, which must be empty.

    Raises:
        BodyTooLarge: the body is longer than `limit` bytes.
        BodyNotTaken: the body is not empty.
        ClientGone: the client disconnected meanwhile.
    """
    refuse_large_body(request.headers, limit)
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone("the client hung up")
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(limit)
        more = message.get("more_body", False)
    if size:
        raise BodyNotTaken("parameters go in the query, as in ?resolution=64&seed=7: send no body")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`; cancel it if the client disconnects. The body must be read.

    A request that is cancelled itself, as at shutdown, cancels its work and stays cancelled.

    Raises:
        ClientGone: the client disconnected.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(until_gone(request.receive))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("the client hung up before its answer")
        return task.result()
    finally:
        task.cancel()
        watch.cancel()
        # Unlike `await task`, this does not raise the task's errors, and so cannot hide our own.
        await asyncio.wait({task, watch})
        if not task.cancelled():
            task.exception()  # marks the exception as retrieved


async def until_gone(receive: Receive) -> None:
    """Wait until the client has disconnected; the body must be read."""
    while (await receive())["type"] != "http.disconnect":
        pass
