"""No body to speak of, and clients that hang up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message

from service.errors import BodyNotTaken, BodyTooLarge, ClientGone, OutOfRange
from service.http.request_guards import (
    refuse_body,
    refuse_large_body,
    refuse_repeated_parameters,
    while_connected,
)

pytestmark = pytest.mark.anyio

GONE: Message = {"type": "http.disconnect"}


def chunk(body: bytes, *, more: bool = False) -> Message:
    """A part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def request(messages: Iterable[Message], length: int | None = None) -> Request:
    """A request whose client sends `messages` and then keeps silent."""
    queue = list(messages)

    async def receive() -> Message:
        if queue:
            return queue.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "headers": headers}, receive)


@pytest.mark.parametrize(
    ("path", "query", "refused"),
    [
        ("/generate", "", []),
        ("/generate", "a=1&b=1", []),
        ("/generate", "seed=1&seed=1&a=2", []),
        ("/interpolate", "seed=1&a=1&seed=1&a=1", ["a: it is given 2 times: give it once"]),
        ("/interpolate", "b=1&a=&b=2&b=3", ["b: it is given 3 times: give it once"]),
        ("/images", "seed=1&seed=1", ["seed: it is given 2 times: give it once"]),
    ],
)
async def test_each_parameter_may_come_once_and_seeds_where_there_may_be_several(
    path: str, query: str, refused: list[str]
) -> None:
    """Also where both say the same: which is meant?"""
    told: list[str] = []
    try:
        scope = {"type": "http", "headers": [], "query_string": query.encode()}
        refuse_repeated_parameters(Request(scope | {"route": SimpleNamespace(path=path)}))
    except OutOfRange as error:
        told.append(str(error))

    assert told == refused


async def test_no_body_is_what_is_wanted() -> None:
    """Nothing happens."""
    assert await refuse_body(request([chunk(b"")]), 10) is None


async def test_a_small_body_is_refused_for_what_it_is() -> None:
    """It would be ignored else."""
    with pytest.raises(BodyNotTaken):
        await refuse_body(request([chunk(b"{", more=True), chunk(b"}")]), 10)


async def test_an_announced_large_body_is_refused_unread() -> None:
    """Not a byte is received."""
    with pytest.raises(BodyTooLarge):
        await refuse_body(request([], length=11), 10)


async def test_a_large_body_is_refused_where_it_becomes_too_large() -> None:
    """The third part is never read."""
    parts = [chunk(b"x" * 6, more=True)] * 2
    with pytest.raises(BodyTooLarge):
        await refuse_body(request(parts), 10)


async def test_a_client_that_goes_while_it_sends_is_gone() -> None:
    """There is nobody to answer."""
    with pytest.raises(ClientGone):
        await refuse_body(request([chunk(b"x", more=True), GONE]), 10)


@pytest.mark.parametrize("length", ["ten", "-5", ""])
async def test_a_length_that_is_none_is_left_to_the_server(length: str) -> None:
    """It has refused the request already, or counts for itself."""
    assert refuse_large_body(Headers({"content-length": length}), 10) is None


async def test_work_is_done_while_the_client_stays() -> None:
    """And its result comes back."""

    async def work() -> str:
        await asyncio.sleep(0)
        return "a picture"

    assert await while_connected(request([]), work()) == "a picture"


async def test_work_is_cancelled_when_the_client_goes() -> None:
    """So that its recipes leave the queue."""
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(ClientGone):
        await while_connected(request([GONE]), work())
    assert cancelled.is_set()


async def test_a_fault_in_the_work_comes_through() -> None:
    """As itself."""

    async def work() -> None:
        raise BodyNotTaken("as it was")

    with pytest.raises(BodyNotTaken, match="as it was"):
        await while_connected(request([]), work())


async def test_a_cancelled_handler_cancels_its_work() -> None:
    """As at shutdown."""
    cancelled, begun = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    handler = asyncio.create_task(while_connected(request([]), work()))
    await begun.wait()
    handler.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handler
    assert cancelled.is_set()


async def test_a_request_that_is_cancelled_while_its_work_ends_stays_cancelled() -> None:
    """A cancellation that is swallowed lets the handler go on after the shutdown gave it up."""
    begun, cancelled, end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
            await end.wait()  # as a thread that cannot be interrupted

    async def handle() -> str:
        try:
            await while_connected(request([chunk(b""), GONE]), work())
        except ClientGone:
            return "went on"
        return "was served"

    handler = asyncio.create_task(handle())
    await begun.wait()
    await cancelled.wait()  # the client has gone, and its work is ending
    handler.cancel()
    await asyncio.sleep(0)
    end.set()
    with pytest.raises(asyncio.CancelledError):
        await handler


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
async def test_a_fault_of_work_whose_client_has_gone_is_nobodys_to_hear() -> None:
    """No "exception was never retrieved" in the log."""
    messages: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: messages.append(context))

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("too late")

    with pytest.raises(ClientGone):
        await while_connected(request([chunk(b""), GONE]), work())
    gc.collect()

    assert messages == []
