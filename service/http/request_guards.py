"""Guards before and during a request: no body, no repeated parameters, a client that is there.

Plain ASGI and plain `receive`: a middleware of the class-based kind would hide disconnects.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request

from service.errors import BodyNotTaken, BodyTooLarge, ClientGone, OutOfRange

T = TypeVar("T")

# Parameters of which a request may have several, by the path of its route.
REPEATABLE = {"/generate": ("seed",), "/interpolate": ("seed",)}


def refuse_large_body(headers: Headers, limit: int) -> None:
    """Refuse by the announced length, before a byte of it is read.

    Raises:
        BodyTooLarge: the announced length is above `limit` bytes.
    """
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body above `limit` bytes."""
    return BodyTooLarge(
        f"the body is larger than {limit} bytes; parameters go in the query: send no body",
        allowed={"le": limit},
    )


def refuse_repeated_parameters(request: Request) -> None:
    """Refuse a parameter that is given twice: which of the two is meant?

    Raises:
        OutOfRange: it is, and is not one of those that may be.
    """
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeatable = REPEATABLE.get(getattr(request.scope.get("route"), "path", ""), ())
    for name, count in counts.items():
        if count > 1 and name not in repeatable:
            raise OutOfRange(name, f"it is given {count} times: give it once", {"max_length": 1})


async def refuse_body(request: Request, limit: int) -> None:
    """Read the body there should not be.

    Raises:
        BodyTooLarge: it is longer than `limit` bytes.
        BodyNotTaken: it is not empty.
        ClientGone: the client hung up meanwhile.
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
    """The result of `work`, which is cancelled when the client hangs up. The body must be read.

    A request that is cancelled itself, as at shutdown, cancels its work and stays cancelled.

    Raises:
        ClientGone: the client hung up.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_until_gone(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("the client hung up before its answer")
        return task.result()
    finally:
        task.cancel()
        watch.cancel()
        # Unlike `await task`, this raises nothing of theirs, and so hides nothing of ours.
        await asyncio.wait({task, watch})
        if not task.cancelled():
            task.exception()  # marks it as seen


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
