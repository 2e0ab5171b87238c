"""The HTTP server of the pictures: signals, graceful shutdown and the log line `ready`.

Owns the order of the shutdown: after the first SIGTERM or SIGINT it reports not ready, but serves
until the grace period is over; then it closes the port, refuses new requests, finishes admitted
ones and ends. A second signal ends it at once. SIGHUP starts a reload of the bundles, unless a
closing terminal sends it: then it counts as a signal to end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from service.batching.engine import RESTART_S, engine_lost
from service.composition import ServiceRuntime
from service.errors import Draining, NotReady
from service.http.bounded_server import BoundedServer
from service.http.connections import ConnectionLimits
from service.http.listening import cut_off_stuck_clients, url_of
from service.http.request_log import log_refused
from service.operations.engine_health import ENGINE_LOST
from service.settings import Settings

STDIN = 0  # its file descriptor
FLUSH_TIMEOUT_S = 5  # seconds to send answers after the drain limit

log = logging.getLogger("progan")


def uvicorn_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """The configuration of a server for requests."""
    return uvicorn.Config(
        app,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_limit_s) + FLUSH_TIMEOUT_S,
    )


class DrainingServer(BoundedServer):
    """A server with a grace period for load balancers between the signal and closing the port.

    Args:
        announces: False to log neither its address nor the line `ready`.

    Attributes:
        exit_code: exit code of the process.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        runtime: ServiceRuntime,
        limits: ConnectionLimits,
        *,
        announces: bool = True,
    ) -> None:
        super().__init__(config, limits, log_refused(runtime.metrics))
        self._runtime = runtime
        self._announces = announces
        self._signalled_at: float | None = None
        self._hung_up = False
        self._had_terminal = os.isatty(STDIN)
        self._url: str | None = None  # None before startup and after the line `ready`
        self.exit_code = 0

    def handle_hang_ups(self) -> None:
        """Install the handler of SIGHUP, if the system has it; call on the main thread."""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self.handle_hang_up)

    def handle_hang_up(self, sig: int, frame: FrameType | None) -> None:
        """Request a reload of the bundles; drain if the terminal was closed."""
        if not self._had_terminal or os.isatty(STDIN):
            self._hung_up = True
        elif self._signalled_at is None:  # the shell and the kernel may both send it
            self.handle_exit(sig, frame)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as called
        """Record the first signal; end the process at once on the second."""
        if self._signalled_at is not None:
            os._exit(128 + sig)
        self._signalled_at = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin loading, and accept connections."""
        await super().startup(sockets)
        opened = sockets or []
        cut_off_stuck_clients(opened, self._runtime.settings.client_write_timeout_s)
        if opened and self._announces:
            self._url = url_of(opened)
            log.info("Uvicorn running on %s; the models are loading", self._url)

    async def on_tick(self, counter: int) -> bool:
        """Check the engine, and act on received signals: reload the bundles, or drain and end."""
        if self._hung_up:
            self._hung_up = False
            self._runtime.look_for_models()
        if self._signalled_at is not None:
            self._drain(time.monotonic() - self._signalled_at)
        if self._runtime.renderer.must_end():
            self.exit_code, self.should_exit = ENGINE_LOST, True
        self._announce()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port; finish admitted requests within the drain limit, refuse the others."""
        renderer, limit_s = self._runtime.renderer, self._runtime.settings.drain_limit_s
        if self.exit_code:
            log.critical("the engine is beyond help: ending with code %d", self.exit_code)
            renderer.abandon(engine_lost)
        giving_up = asyncio.create_task(self._give_up(limit_s))
        await super().shutdown(sockets)
        giving_up.cancel()

    def _drain(self, signalled_s: float) -> None:
        self._runtime.announce_drain()
        if signalled_s >= self._runtime.settings.drain_grace_s:
            self._runtime.begin_drain()
            self.should_exit = True

    def _announce(self) -> None:
        if self._url is None:
            return
        try:
            self._runtime.require_ready()
        except NotReady:
            return
        log.info("ready: %s", self._url, extra={"bare": True})
        self._url = None

    async def _give_up(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        why = "the server shut down before this picture was ready"
        error = partial(Draining, why, retry_after_s=RESTART_S)
        if given_up := self._runtime.renderer.abandon(error):
            log.warning("%d images were given up at shutdown", given_up)
