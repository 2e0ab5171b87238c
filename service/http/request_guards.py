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
REPEATABLE = {
    "/generate": ("seed", "edit"),
    "/interpolate": ("seed", "edit"),
    "/images": ("edit",),
    "/images/{seed:path}": ("edit",),
    "/datasets": ("edit",),
}


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

    The work runs in the task of the request itself: a task of its own would cost more than most
    steps of a small picture.
    A request that is cancelled itself, as at shutdown, cancels its work and stays cancelled.

    Raises:
        ClientGone: the client disconnected.
    """
    handler = asyncio.current_task()
    assert handler is not None  # every request is handled in a task
    cancelled_before, is_gone = handler.cancelling(), False

    def hang_up(ended: asyncio.Future[None]) -> None:
        nonlocal is_gone
        if not ended.cancelled():
            is_gone = True
            ended.exception()  # marks the exception as retrieved
            handler.cancel()

    watch = asyncio.ensure_future(until_gone(request.receive))
    watch.add_done_callback(hang_up)
    try:
        return await work
    except BaseException:
        if not is_gone:
            raise
        if handler.uncancel() > cancelled_before:
            raise asyncio.CancelledError from None
        raise ClientGone("the client hung up before its answer") from None
    finally:
        watch.remove_done_callback(hang_up)
        watch.cancel()


async def until_gone(receive: Receive) -> None:
    """Wait until the client has disconnected; the body must be read."""
    while (await receive())["type"] != "http.disconnect":
        pass
