"""The application as Ray Serve runs it: lifespan, state and the id of a request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from service.cluster.replica_app import ReplicaApp

pytestmark = pytest.mark.anyio


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """An application with a state of its lifespan, that answers with an id."""
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["runtime"] = "parts"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert scope["state"] == {"runtime": "parts"}
    scope["state"]["of_this_request"] = 1
    headers = [(b"x-request-id", b"abc"), (b"x-seed", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def test_the_lifespan_waits_for_its_steps_and_requests_carry_its_state() -> None:
    """A start that is told as complete is one after which requests may come."""
    steps: list[str] = []
    told: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[str] = []

    async def started() -> None:
        steps.append(f"started before {sent}")

    async def ended() -> None:
        steps.append(f"ended before {sent}")

    async def send(message: Message) -> None:
        sent.append(message["type"].rpartition("lifespan.")[2])

    whole = ReplicaApp(app, started=started, ended=ended)
    living = asyncio.create_task(whole({"type": "lifespan"}, told.get, send))
    await told.put({"type": "lifespan.startup"})
    while "startup.complete" not in sent:
        await asyncio.sleep(0)
    for _ in range(2):  # one request's state is not the next one's
        assert await answered(whole, b"abc") == [(b"x-seed", b"1")]
    await told.put({"type": "lifespan.shutdown"})
    await living

    assert steps == ["started before []", "ended before ['startup.complete']"]


async def test_an_id_of_its_own_stays() -> None:
    """Only the one that Ray repeats is left out."""
    whole = ReplicaApp(app, started=nothing, ended=nothing)
    whole._state["runtime"] = "parts"

    assert (b"x-request-id", b"abc") in await answered(whole, b"other")


async def nothing() -> None:
    """Do nothing."""


async def answered(whole: ReplicaApp, request_id: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of an answer."""
    headers: list[tuple[bytes, bytes]] = []

    async def send(message: Message) -> None:
        headers.extend(message["headers"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [(b"x-request-id", request_id)]}
    await whole(scope, receive, send)
    return headers
