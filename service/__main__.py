"""`python -m service`: one process, one engine, settings from the environment.

Owns the command line, the server and its signals: the first SIGTERM or SIGINT drains, the second
ends the process at once; SIGHUP has the bundles read again, but for one that a closing terminal
sends, which drains.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics
from pydantic import ValidationError

from service.app import create_app
from service.serving import Serving
from service.settings import Settings, describe, unknown_variables, variable_of
from service.tracing import configure_logging

STDIN = 0  # its file descriptor
LAST_WAIT_S = 1.0  # for the engine's thread, when all requests have been answered

log = logging.getLogger("progan")


class DrainingServer(uvicorn.Server):
    """Uvicorn, with time for a balancer between the signal and the closed port."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._serving = serving
        self._signalled_at: float | None = None
        self._hung_up = False
        self._had_terminal = os.isatty(STDIN)

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

    async def on_tick(self, counter: int) -> bool:
        """Do what signals asked for: drain, and leave when the grace is over; or look again."""
        if self._hung_up:
            self._hung_up = False
            self._serving.look_for_models()
        if self._signalled_at is not None:
            self._serving.begin_drain()
            waited = time.monotonic() - self._signalled_at
            self.should_exit = waited >= self._serving.settings.drain_grace_s
        return await super().on_tick(counter)


def parser() -> argparse.ArgumentParser:
    """The command line: nothing but help, which lists the settings."""
    return argparse.ArgumentParser(
        prog="python -m service",
        description="Serve pictures by seed over HTTP.",
        epilog="settings, from the environment or a file .env:\n  " + "\n  ".join(describe()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def read_settings() -> Settings:
    """The settings, or exit with what is wrong with them."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = variable_of(str(fault["loc"][0])) if fault["loc"] else "settings"
            print(f"{name}: {fault['msg']} (it is {fault['input']!r})", file=sys.stderr)  # noqa: T201 - before there is a log
        sys.exit(2)


def main() -> None:
    """Serve until a signal comes."""
    parser().parse_args()
    settings = read_settings()
    configure_logging(settings.log_format, settings.log_level)
    for name in unknown_variables(os.environ):
        log.warning("%s is no setting and has no effect: see python -m service --help", name)
    disable_created_metrics()  # a second series for each counter, which nobody asked for
    serving = Serving(settings)
    config = uvicorn.Config(
        create_app(settings, serving),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_limit_s),
    )
    server = DrainingServer(config, serving)
    server.hear_hang_ups()
    server.run()
    if not serving.ended(within_s=LAST_WAIT_S):
        # The interpreter would tear the libraries down under a thread that still computes.
        log.warning("leaving while a network is still computing")
        logging.shutdown()
        os._exit(0)


if __name__ == "__main__":
    main()
