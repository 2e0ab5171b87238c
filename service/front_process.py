"""A front-end process: HTTP, files and encoding; its pictures come from engine processes.

Owns the composition of such a process and its share of the limits. Knows no engine.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import sys
from typing import Final

from prometheus_client import disable_created_metrics

from service.app import create_app
from service.composition import ServiceRuntime
from service.engine_setup import available_cores
from service.garbage_collection import settle_objects
from service.http.connections import limits_of_this_process
from service.http.request_log import configure_logging
from service.memory_allocator import return_large_blocks
from service.operations.metrics import Metrics
from service.operations.spans import set_service_name
from service.processes.control import RemoteState, SupervisorLink, end_with_parent
from service.processes.engine_link import EngineLink
from service.processes.engine_process import settings_of_process
from service.processes.remote_renderer import RemoteRenderer
from service.server import DrainingServer, uvicorn_config
from service.settings import Settings

LARGEST_REQUEST_PIXELS: Final = 2**26  # 64 pictures of 1024 px; a single request is always admitted
MOST_BYTES_PER_PIXEL: Final = 3

log = logging.getLogger("progan")


class FrontServer(DrainingServer):
    """The HTTP server of a front end; the supervisor tells when the whole service is ready."""

    supervisor: SupervisorLink | None = None
    _beating: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Connect to the supervisor, and accept connections."""
        if self.supervisor is not None:
            self._beating = asyncio.get_running_loop().create_task(self.supervisor.run())
        await super().startup(sockets)
        settle_objects()


def front_options() -> argparse.Namespace:
    """The arguments that the supervisor gives."""
    parser = argparse.ArgumentParser()
    for name in ("control", "parent"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--engine", type=bytes.fromhex, action="append", required=True)
    parser.add_argument("--socket", type=int, action="append", required=True)
    parser.add_argument("--operations", type=int, action="append", default=[])
    return parser.parse_args()


def share_of(settings: Settings) -> Settings:
    """The settings of one front end: its share of the encoders and of the pictures that wait."""
    number = max(1, settings.frontends)
    encoders = settings.encoders or available_cores()
    return settings.model_copy(
        update={
            "encoders": max(1, encoders // number),
            "unencoded_bytes": settings.unencoded_bytes // number,
        }
    )


def memory_bytes(settings: Settings) -> int:
    """Size of the shared memory of one front end and one engine; pages are taken when used."""
    largest = max(LARGEST_REQUEST_PIXELS, settings.interpolation_pixels) * MOST_BYTES_PER_PIXEL
    return settings.unencoded_bytes + largest


def main() -> None:
    """Serve until a signal is received, and exit."""
    given = front_options()
    end_with_parent(given.parent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _ = return_large_blocks()
    settings = share_of(settings_of_process())
    configure_logging(settings.log_format, settings.log_level, given.name)
    set_service_name()
    disable_created_metrics()  # no additional `_created` series for each counter
    metrics = Metrics()
    link = SupervisorLink(given.control, metrics, lambda: server.started)
    state = RemoteState(settings, link)
    links = [EngineLink(address, memory_bytes(settings)) for address in given.engine]
    renderer = RemoteRenderer(links, settings.stall_s, state.look_for_models)
    runtime = ServiceRuntime(settings, renderer=renderer, shared=state, metrics=metrics)
    operations = [socket.socket(fileno=number) for number in given.operations]
    limits = limits_of_this_process()
    server = FrontServer(
        uvicorn_config(create_app(settings, runtime, operations), settings),
        runtime,
        limits.shared()[0] if operations else limits,
        announces=False,
    )
    server.supervisor = link
    server.run([socket.socket(fileno=number) for number in given.socket])
    logging.shutdown()
    sys.exit(server.exit_code)


if __name__ == "__main__":
    main()
