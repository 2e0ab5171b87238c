"""A client of data sets that calls the application as a server does, and stops where it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from service.app import create_app
from service.composition import ServiceRuntime
from service.http.bounded_server import CUT_OFF
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, local

QUERY = b"resolution=4&count=1000&format=webdataset"


class Client:
    """A client that reads while `may_read` is set, and hangs up when `goes` is set."""

    def __init__(self, query: bytes = QUERY) -> None:
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.goes = asyncio.Event()
        self.stops_after = 10**9  # messages
        self.messages: list[dict[str, Any]] = []
        self.was_cut_off = False
        self._query = query
        self._has_asked = False

    @property
    def status(self) -> int:
        """The status of the answer."""
        status: int = self.messages[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        """All bytes so far."""
        return b"".join(each.get("body", b"") for each in self.messages)

    async def ask(self, app: Any, state: Any) -> None:
        """Send the request and read the answer."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/datasets",
            "raw_path": b"/datasets",
            "query_string": self._query,
            "root_path": "",
            "headers": [(b"host", b"here")],
            "client": ("192.0.2.1", 1),
            "server": ("192.0.2.2", 80),
            "state": {**state, CUT_OFF: self._cut_off},
        }
        async with asyncio.timeout(PATIENCE_S):
            await app(scope, self._receive, self.send)

    def _cut_off(self) -> None:
        self.was_cut_off = True

    async def _receive(self) -> dict[str, Any]:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.goes.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a message from the application."""
        if len(self.messages) >= self.stops_after:
            self.may_read.clear()
        await self.may_read.wait()
        self.messages.append(message)


@asynccontextmanager
async def running(
    painter: Painter, settings: Settings, **changes: object
) -> AsyncGenerator[tuple[Any, Any, ServiceRuntime]]:
    """A ready application, its state, and its parts."""
    chosen = settings.model_copy(update={"credentials": False, **changes})
    runtime = ServiceRuntime(chosen, painter.open)
    app = create_app(chosen, runtime)
    async with app.router.lifespan_context(app) as state:
        while not local(runtime).registry.catalogue.models:
            await asyncio.sleep(0.002)
        yield app, state, runtime
        painter.gate.set()
