"""An engine process: one device, its queue and its models, for all front ends.

Owns the composition of such a process, its signals and its exit codes: 0 after a signal, 2 if this
machine has no such device, 70 if the device or a batch is beyond help. Knows no HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

import uvloop
from prometheus_client import disable_created_metrics

from service.engine_setup import OpenEngine, available_cores, open_torch_engine
from service.env_file import SETTINGS_WRONG
from service.environment import read_settings
from service.errors import NotReady
from service.garbage_collection import pause_collection, settle_objects
from service.http.request_log import configure_logging
from service.local_renderer import LocalRenderer
from service.memory_allocator import return_large_blocks
from service.operations.engine_health import ENGINE_LOST
from service.operations.metrics import Metrics
from service.processes.control import SupervisorLink, end_with_parent
from service.processes.engine_server import EngineServer
from service.settings import Settings

HEALTH_LOOK_S: Final = 0.1
STOP_S: Final = 5.0  # for work that no front end waits for any more

log = logging.getLogger("progan")


def engine_options() -> argparse.Namespace:
    """The arguments that the supervisor gives."""
    parser = argparse.ArgumentParser()
    for name in ("control", "parent", "listener"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--device", default="")
    return parser.parse_args()


def settings_of_process() -> Settings:
    """The settings, as the supervisor read them: all are in the environment."""
    return read_settings(file=Path(os.devnull))[0]


def exit_without_device(settings: Settings) -> None:
    """Exit if this machine has not the device or the precision of the settings."""
    from service.engine.available import require_available  # noqa: PLC0415 - imports torch
    from service.engine.device import DeviceError  # noqa: PLC0415 - imports torch

    try:
        threads = settings.threads or available_cores()
        require_available(settings.device, settings.precision, threads)
    except DeviceError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for a person, whatever the log's form
        sys.exit(SETTINGS_WRONG)


class EngineProcess:
    """One engine process.

    Args:
        control: descriptor of the connection to the supervisor.
        listener: socket on which front ends connect.
    """

    def __init__(
        self, settings: Settings, open_engine: OpenEngine, control: int, listener: socket.socket
    ) -> None:
        metrics = Metrics()
        self.renderer = LocalRenderer(settings, open_engine, metrics, settle_objects)
        self._supervisor = SupervisorLink(
            control, metrics, self._is_ready, self.renderer.look_for_models
        )
        self._server = EngineServer(self.renderer, listener, self._supervisor.send_beat)

    async def run(self) -> int:
        """Serve until a signal is received or the engine is lost; returns the exit code."""
        loop, ending = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, ending.set)
        tasks = [loop.create_task(each.run()) for each in (self._supervisor, self._server)]
        self.renderer.start()
        code = 0
        while not ending.is_set():
            await asyncio.sleep(HEALTH_LOOK_S)  # first, so that the engine's thread has begun
            if self.renderer.must_end():
                log.critical("the engine is beyond help: ending with code %d", ENGINE_LOST)
                code = ENGINE_LOST
                break
        self.renderer.stop_reloading()
        if not code:
            await self.renderer.stop(STOP_S)
        self._server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return code

    def _is_ready(self) -> bool:
        try:
            self.renderer.require_ready()
        except NotReady:
            return False
        return True


def serve_engine(open_engine: OpenEngine) -> None:
    """Run an engine process, and exit."""
    given = engine_options()
    end_with_parent(given.parent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _ = return_large_blocks()
    settings = settings_of_process().model_copy(update={"device": given.device or None})
    configure_logging(settings.log_format, settings.log_level, given.name)
    disable_created_metrics()  # no additional `_created` series for each counter
    if given.device:
        exit_without_device(settings)
    pause_collection()
    process = EngineProcess(
        settings, open_engine, given.control, socket.socket(fileno=given.listener)
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(process.run())
    if not process.renderer.ended(within_s=1.0) or code:
        logging.shutdown()
        os._exit(code)  # a normal exit would unload libraries that a running thread still uses
    sys.exit(code)


if __name__ == "__main__":
    serve_engine(open_torch_engine)
