"""`python -m service`: one process, one engine, settings from the environment.

Owns the command line, the server, its signals and its end: the first SIGTERM or SIGINT drains and
the process ends with 0, the second ends it at once; SIGHUP has the bundles read again, but for one
that a closing terminal sends, which drains; an engine that is beyond help ends it with
`ENGINE_LOST`, so that a supervisor starts another.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics

from service.app import create_app
from service.batching.batcher import ENGINE_ENDED
from service.composition import ServiceRuntime, available_cores
from service.env_file import SettingsError
from service.environment import describe_settings, read_settings
from service.errors import Draining, EngineLost
from service.http.request_log import configure_logging
from service.operations.spans import name_the_service
from service.settings import Settings

STDIN = 0  # its file descriptor
SETTINGS_WRONG = 2
ENGINE_LOST = 70  # EX_SOFTWARE of sysexits.h
FLUSH_TIMEOUT_S = 5  # for answers to be sent, when the time to compute them is over
ENGINE_JOIN_TIMEOUT_S = 1.0  # for the engine's thread, when all requests have been answered

log = logging.getLogger("progan")


class DrainingServer(uvicorn.Server):
    """Uvicorn, with time for a balancer between the signal and the closed port.

    Attributes:
        exit_code: of the process.
    """

    def __init__(self, config: uvicorn.Config, runtime: ServiceRuntime) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._signalled_at: float | None = None
        self._hung_up = False
        self._had_terminal = os.isatty(STDIN)
        self.exit_code = 0

    def hear_hang_ups(self) -> None:
        """Take SIGHUP, where the system has it; on the main thread."""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self.handle_hang_up)

    def handle_hang_up(self, sig: int, frame: FrameType | None) -> None:
        """Note that the bundles are to be read again; drain if the terminal has gone."""
        if not self._had_terminal or os.isatty(STDIN):
            self._hung_up = True
        elif self._signalled_at is None:  # the shell and the kernel may both tell
            self.handle_exit(sig, frame)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as called
        """Note the first signal; end at once on the second."""
        if self._signalled_at is not None:
            os._exit(128 + sig)
        self._signalled_at = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port; whoever takes nothing of an answer is cut off by the system."""
        await super().startup(sockets)
        if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is None:
            return  # not on Linux
        limit_ms = self._runtime.settings.client_write_timeout_s * 1000
        for listener in (s for server in self.servers for s in server.sockets):
            listener.setsockopt(socket.IPPROTO_TCP, option, limit_ms)  # inherited by connections

    async def on_tick(self, counter: int) -> bool:
        """Look after the engine; do what signals asked for: drain and leave, or look again."""
        if self._hung_up:
            self._hung_up = False
            self._runtime.look_for_models()
        if self._signalled_at is not None:
            self._runtime.begin_drain()
            waited = time.monotonic() - self._signalled_at
            self.should_exit = waited >= self._runtime.settings.drain_grace_s
        if self._runtime.engine_health.check():
            self.exit_code, self.should_exit = ENGINE_LOST, True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port; finish what was admitted, or tell who waits that it will not come."""
        batcher, limit_s = self._runtime.batcher, self._runtime.settings.drain_limit_s
        if self.exit_code:
            log.critical("the engine is beyond help: ending with code %d", self.exit_code)
            batcher.abandon(ENGINE_ENDED, EngineLost)
        giving_up = asyncio.create_task(self._give_up(limit_s))
        await super().shutdown(sockets)
        giving_up.cancel()

    async def _give_up(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        why = "the server shut down before this picture was ready"
        if given_up := self._runtime.batcher.abandon(why, Draining):
            log.warning("%d images were given up at shutdown", given_up)


def parser() -> argparse.ArgumentParser:
    """The command line: nothing but help, which lists the settings."""
    return argparse.ArgumentParser(
        prog="python -m service",
        description="Serve pictures by seed over HTTP.",
        epilog="settings, from the environment or a file .env:\n  "
        + "\n  ".join(describe_settings()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def settings_or_exit() -> tuple[Settings, list[str]]:
    """The settings and warnings about them; ends the process where they cannot be used."""
    try:
        settings, warnings = read_settings()
        require_device(settings)
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201 - before there is a log
        sys.exit(SETTINGS_WRONG)
    return settings, warnings


def require_device(settings: Settings) -> None:
    """Return where this machine has the device and the precision that the settings name.

    Raises:
        SettingsError: it has not.
    """
    if settings.device in (None, "cpu") and settings.precision != "bf16":
        return  # every machine has them, and importing torch takes seconds
    from service.engine.available import require_available  # noqa: PLC0415 - imports torch
    from service.engine.device import DeviceError  # noqa: PLC0415 - imports torch

    try:
        threads = settings.threads or available_cores()
        require_available(settings.device, settings.precision, threads)
    except DeviceError as error:
        raise SettingsError([str(error)]) from error


def main() -> None:
    """Serve until a signal comes."""
    parser().parse_args()
    settings, warnings = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level)
    for warning in warnings:
        log.warning("%s", warning)
    name_the_service()
    disable_created_metrics()  # a second series for each counter, which nobody asked for
    sys.exit(serve(settings, ServiceRuntime(settings)))


def serve(settings: Settings, runtime: ServiceRuntime) -> int:
    """Serve until a signal comes or the engine is lost; returns the exit code."""
    config = uvicorn.Config(
        create_app(settings, runtime),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_limit_s) + FLUSH_TIMEOUT_S,
    )
    server = DrainingServer(config, runtime)
    server.hear_hang_ups()
    server.run()
    ended = runtime.ended(within_s=ENGINE_JOIN_TIMEOUT_S)
    if not ended:
        # The interpreter would tear the libraries down under a thread that still computes.
        log.warning("leaving while a network is still computing")
    if not (_log_is_written() and ended):
        os._exit(server.exit_code)
    return server.exit_code


def _log_is_written() -> bool:
    """Whether it could be; the interpreter would try again, and end with a code of its own."""
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
