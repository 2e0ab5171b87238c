"""`python -m service`: one process, one engine, settings from the environment.

Owns the command line, the order of the start and the exit codes: 0 after a signal, 2 where the
settings cannot be used, and that of the server where the engine is beyond help, so that a
supervisor starts another process.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys

import uvicorn
from prometheus_client import disable_created_metrics

from service.app import create_app
from service.composition import ServiceRuntime, available_cores
from service.env_file import SettingsError
from service.environment import describe_settings, read_settings
from service.http.connections import limits_of_this_process
from service.http.listening import ListenError, listen
from service.http.request_log import configure_logging
from service.operations.spans import set_service_name
from service.server import DrainingServer
from service.settings import Settings, variable_of

SETTINGS_WRONG = 2
FLUSH_TIMEOUT_S = 5  # for answers to be sent, when the time to compute them is over
ENGINE_JOIN_TIMEOUT_S = 1.0  # for the engine's thread, when all requests have been answered

log = logging.getLogger("progan")


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
    set_service_name()
    disable_created_metrics()  # a second series for each counter, which nobody asked for
    sys.exit(serve(settings, ServiceRuntime(settings)))


def serve(settings: Settings, runtime: ServiceRuntime) -> int:
    """Serve until a signal comes or the engine is lost; returns the exit code."""
    sockets, operations = open_ports_or_exit(settings)
    limits = limits_of_this_process()
    server = DrainingServer(
        uvicorn.Config(
            create_app(settings, runtime, operations),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.drain_limit_s) + FLUSH_TIMEOUT_S,
        ),
        runtime,
        limits.shared()[0] if operations else limits,
    )
    server.handle_hang_ups()
    server.run(sockets)
    ended = runtime.ended(within_s=ENGINE_JOIN_TIMEOUT_S)
    if not ended:
        # The interpreter would tear the libraries down under a thread that still computes.
        log.warning("leaving while a network is still computing")
    if not (_flush_log() and ended):
        os._exit(server.exit_code)
    return server.exit_code


def open_ports_or_exit(
    settings: Settings,
) -> tuple[list[socket.socket], list[socket.socket]]:
    """Sockets for pictures and, where the settings have a port for them, for operations."""
    try:
        sockets = listen(settings.host, settings.port, variable_of("port"))
        if settings.operations_port is None:
            return sockets, []
        host = settings.operations_host or settings.host
        return sockets, listen(host, settings.operations_port, variable_of("operations_port"))
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for a person, as wrong settings are
        sys.exit(SETTINGS_WRONG)


def _flush_log() -> bool:
    """Write the rest of the log; False where the interpreter would fail to, with its own code."""
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
