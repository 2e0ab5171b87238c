"""`python -m service`: one process, one engine, settings from the environment.

Owns the command line, the order of the start and the exit codes: 0 after a signal, 2 if the
settings cannot be used or a port cannot be opened, and 70 if the engine is lost, so that a
supervisor restarts the process. Commands beside serving have exit codes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
from collections.abc import Mapping
from typing import NoReturn

from prometheus_client import disable_created_metrics

from service.app import create_app
from service.commands import dataset, manifest, search, verify
from service.composition import ServiceRuntime
from service.credentials.current import CurrentSigner
from service.credentials.shared_chain import shared_chain_folder
from service.engine_setup import available_cores
from service.env_file import SETTINGS_WRONG, SettingsError
from service.environment import describe_settings, read_settings, setting_variables
from service.garbage_collection import pause_collection, settle_objects
from service.http.connections import limits_of_this_process
from service.http.listening import ListenError, listen
from service.http.request_log import configure_logging
from service.memory_allocator import return_large_blocks
from service.operations.merged_metrics import SUPERVISOR
from service.operations.spans import set_service_name
from service.processes.supervisor import ENGINE_MODULE, Supervisor
from service.server import DrainingServer, uvicorn_config
from service.settings import Settings, variable_of

COMMAND_STOPPED = 130  # as shells have it: 128 and the number of SIGINT
ENGINE_JOIN_TIMEOUT_S = 1.0  # seconds for the engine's thread to end, after all answers

log = logging.getLogger("progan")


def parser() -> argparse.ArgumentParser:
    """The command line parser: help lists the settings; without a command, it serves."""
    whole = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve pictures by seed over HTTP, or run a command.",
        epilog="settings, from the environment or a file .env:\n  "
        + "\n  ".join(describe_settings()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for command in (verify, search, dataset, manifest):
        summary = (command.__doc__ or "").partition("\n")[0]
        name = command.__name__.rpartition(".")[2]
        each = commands.add_parser(name, help=summary.partition(": ")[2], description=summary)
        command.add_arguments(each)
        each.set_defaults(run=command.run)
    return whole


def settings_or_exit() -> tuple[Settings, list[str]]:
    """Read the settings and warnings about them; exits if they cannot be used."""
    try:
        settings, warnings = read_settings()
        require_device(settings)
    except SettingsError as error:
        exit_with(error)
    return settings, warnings


def exit_with(error: SettingsError) -> NoReturn:
    """Print the faults of the settings, and exit."""
    for fault in error.faults:
        print(fault, file=sys.stderr)  # noqa: T201 - for a person, whatever the log's form
    sys.exit(SETTINGS_WRONG)


def require_device(settings: Settings) -> None:
    """Check that this machine has the device and the precision of the settings.

    Raises:
        SettingsError: the device or the precision is not available.
    """
    if settings.device in (None, "cpu") and settings.precision != "bf16":
        return  # available on every machine; importing torch takes seconds
    from service.engine.available import require_available  # noqa: PLC0415 - imports torch
    from service.engine.device import DeviceError  # noqa: PLC0415 - imports torch

    try:
        threads = settings.threads or available_cores()
        require_available(settings.device, settings.precision, threads)
    except DeviceError as error:
        raise SettingsError([str(error)]) from error


def main() -> None:
    """Serve until a signal is received, or run a command."""
    options = parser().parse_args()
    settings, warnings = settings_or_exit()
    serving = not hasattr(options, "run")
    if serving:
        process = SUPERVISOR if settings.has_processes else ""
        configure_logging(settings.log_format, settings.log_level, process)
    for warning in warnings:
        log.warning("%s", warning)
    if not serving:
        sys.exit(run_command(options, settings))
    _ = return_large_blocks()
    set_service_name()
    disable_created_metrics()  # no additional `_created` series for each counter
    ports = open_ports_or_exit(settings)
    if settings.has_processes:
        sys.exit(supervise(settings, *ports))
    runtime = runtime_or_exit(settings)
    pause_collection()
    sys.exit(serve(settings, runtime, *ports))


def run_command(options: argparse.Namespace, settings: Settings) -> int:
    """Run a command; returns its exit code, or 130 after Ctrl-C."""
    try:
        return options.run(options, settings)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201 - for the person who stopped it
        return COMMAND_STOPPED


def supervise(
    settings: Settings,
    sockets: list[socket.socket],
    operations: list[socket.socket],
    engine_module: str = ENGINE_MODULE,
) -> int:
    """Start the processes of the service, and keep them until a signal; returns the exit code.

    Args:
        settings: of the service.
        sockets: those that listen for requests.
        operations: those that listen for operations; may be empty.
        engine_module: module that an engine process runs.
    """
    try:
        require_processes()
        signer = CurrentSigner(settings)  # a fault of key or chain ends the start, not each process
    except SettingsError as error:
        exit_with(error)

    async def run(environment: Mapping[str, str]) -> int:
        return await Supervisor(settings, sockets, operations, environment, engine_module).run()

    with shared_chain_folder(settings, signer) as folder:
        chain = {variable_of("credentials_folder"): str(folder)}
        code = asyncio.run(run({**os.environ, **setting_variables(), **chain}))
    _ = _flush_log()
    return code


def require_processes() -> None:
    """Check that this system can run the service as several processes.

    Raises:
        SettingsError: it cannot.
    """
    if sys.platform != "linux":
        name = variable_of("frontends")
        raise SettingsError([f"{name}: processes of their own need Linux: write 0"])


def runtime_or_exit(settings: Settings) -> ServiceRuntime:
    """Put the service together; exits if its key or certificates cannot be used."""
    try:
        return ServiceRuntime(settings, settle=settle_objects)
    except SettingsError as error:
        return exit_with(error)


def serve(
    settings: Settings,
    runtime: ServiceRuntime,
    sockets: list[socket.socket],
    operations: list[socket.socket],
) -> int:
    """Serve until a signal is received or the engine is lost; returns the exit code.

    Args:
        settings: of the service.
        runtime: its parts.
        sockets: those that listen for requests.
        operations: those that listen for operations; empty to serve these on the same sockets.
    """
    limits = limits_of_this_process()
    server = DrainingServer(
        uvicorn_config(create_app(settings, runtime, operations), settings),
        runtime,
        limits.shared()[0] if operations else limits,
    )
    server.handle_hang_ups()
    server.run(sockets)
    ended = runtime.ended(within_s=ENGINE_JOIN_TIMEOUT_S)
    if not ended:
        # A normal exit would unload libraries that the running thread still uses.
        log.warning("leaving while a network is still computing")
    if not (_flush_log() and ended):
        os._exit(server.exit_code)
    return server.exit_code


def open_ports_or_exit(
    settings: Settings,
) -> tuple[list[socket.socket], list[socket.socket]]:
    """Open the sockets for pictures and, if configured, for operations; exits on failure."""
    try:
        sockets = listen(settings.host, settings.port, variable_of("port"))
        if settings.operations_port is None:
            return sockets, []
        host = settings.operations_host or settings.host
        return sockets, listen(host, settings.operations_port, variable_of("operations_port"))
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for a person, like wrong settings
        sys.exit(SETTINGS_WRONG)


def _flush_log() -> bool:
    """Flush the log; False on failure, where a normal exit would change the exit code."""
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
