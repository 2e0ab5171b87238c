"""The application as Ray Serve runs it: ASGI, with what its own server would do otherwise.

Owns the state of the lifespan, which each request carries, and the wait at the start until the
models are loaded. Knows no Ray.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "x-request-id"


class ReplicaApp:
    """An ASGI application in a replica.

    Ray adds the header `X-Request-ID` to each answer, with the value that the request has or gets;
    the same one of the application is left out.

    Args:
        app: the application.
        started: waits until requests may come; the start of the replica is over then.
        ended: called after the last request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        started: Callable[[], Awaitable[None]],
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._steps = {"lifespan.startup.complete": started, "lifespan.shutdown.complete": ended}
        self._state: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the lifespan or one request."""
        if scope["type"] == "lifespan":
            scope["state"] = self._state
            await self._app(scope, receive, self._with_steps(send))
            return
        scope["state"] = dict(self._state)
        asked = Headers(scope=scope).get(REQUEST_ID)

        async def send_once(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get(REQUEST_ID) == asked:
                    del headers[REQUEST_ID]
            await send(message)

        await self._app(scope, receive, send_once)

    def _with_steps(self, send: Send) -> Send:
        async def send_after_step(message: Message) -> None:
            if (step := self._steps.get(message["type"])) is not None:
                await step()
            await send(message)

        return send_after_step
