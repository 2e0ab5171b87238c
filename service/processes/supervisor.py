"""The supervisor: keeps front ends and engines running, and ends them.

Owns the process tree, its end and its exit code. A process that ends is started again, later after
each end in a row; if a place in the tree has no process that becomes ready, the service ends. Knows
neither pictures nor requests.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from service.env_file import SETTINGS_WRONG
from service.http.listening import url_of
from service.operations.merged_metrics import snapshot_of
from service.processes.frames import listen_unnamed
from service.processes.process_metrics import ProcessMetrics
from service.processes.process_slot import LOOK_S, ProcessSlot
from service.processes.tree_state import ENGINE, FRONT, TreeState
from service.settings import Settings

ENGINE_MODULE: Final = "service.processes.engine_process"
FRONT_MODULE: Final = "service.front_process"
FIRST_DELAY_S: Final = 0.1  # before a process is started again; doubled with each end in a row
LONGEST_DELAY_S: Final = 10.0
STEADY_S: Final = 60.0  # a process that was ready so long begins a new row
MOST_FAILED_STARTS: Final = (
    5  # ends in a row without having been ready, after which the service ends
)
FLUSH_S: Final = 10.0  # seconds beyond the drain limit until a process is killed
CANNOT_RECOVER: Final = 70  # EX_SOFTWARE of sysexits.h
STDIN_FILENO: Final = 0

log = logging.getLogger("progan")


class Supervisor:
    """The process tree of one service.

    Args:
        sockets: those that listen for requests.
        operations: those that listen for operations; may be empty.
        environment: of the processes.
        engine_module: module that an engine process runs.
    """

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[socket.socket],
        operations: Sequence[socket.socket],
        environment: Mapping[str, str],
        engine_module: str = ENGINE_MODULE,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._url = url_of(sockets)
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._metrics = ProcessMetrics(registry, self._number_ready)
        self._state = TreeState(settings, lambda: snapshot_of(registry))
        self._listeners = [listen_unnamed() for _ in settings.engine_devices]
        self._slots = [*self._engines(engine_module), *self._fronts(sockets, operations)]
        self._ending = asyncio.Event()
        self._exit_code = 0
        self._had_terminal = os.isatty(STDIN_FILENO)

    def _engines(self, module: str) -> list[ProcessSlot]:
        places = zip(self._settings.engine_devices, self._listeners, strict=True)
        return [
            ProcessSlot(
                ENGINE,
                f"{ENGINE}-{number}",
                [module, f"--device={device or ''}", f"--listener={listener.fileno()}"],
                [listener.fileno()],
            )
            for number, (device, listener) in enumerate(places)
        ]

    def _fronts(
        self, sockets: Sequence[socket.socket], operations: Sequence[socket.socket]
    ) -> list[ProcessSlot]:
        arguments = [f"--engine={each.getsockname().hex()}" for each in self._listeners]
        arguments += [f"--socket={each.fileno()}" for each in sockets]
        arguments += [f"--operations={each.fileno()}" for each in operations]
        inherited = [each.fileno() for each in (*sockets, *operations)]
        return [
            ProcessSlot(FRONT, f"{FRONT}-{number}", [FRONT_MODULE, *arguments], inherited)
            for number in range(max(1, self._settings.frontends))
        ]

    # ------------------------------------------------------------------ life

    async def run(self) -> int:
        """Run the tree until a signal ends it or it cannot recover; returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        log.info("Uvicorn running on %s; the models are loading", self._url)
        keeping = [loop.create_task(self._keep(slot)) for slot in self._slots]
        for task in keeping:
            task.add_done_callback(self._end_if_failed)
        telling = loop.create_task(self._tell_when_ready())
        await self._ending.wait()
        telling.cancel()
        await self._end_all()
        await asyncio.gather(*keeping, return_exceptions=True)
        return self._exit_code

    def _signalled(self, number: signal.Signals) -> None:
        """Drain at the first signal; end everything at once at the second."""
        if self._ending.is_set():
            for slot in self._slots:
                slot.send_signal(signal.SIGKILL)
            os._exit(128 + number)
        log.info("draining")
        self._ending.set()

    def _hang_up(self) -> None:
        """Have the bundles read again; drain if the terminal was closed."""
        if not self._had_terminal or os.isatty(STDIN_FILENO):
            self._state.look_for_models()
        elif not self._ending.is_set():
            self._signalled(signal.SIGHUP)

    async def _keep(self, slot: ProcessSlot) -> None:
        """Start the process of a slot, and start it again whenever it has ended."""
        row = failures = 0
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                code = await slot.run(self._state, self._environment, self._settings.hang_s)
            except OSError as error:  # not the fault of the process: tried until it succeeds
                row += 1
                await self._pause(row, f"{slot.name} cannot be started ({error})")
                continue
            was_ready = slot.session is not None and slot.session.has_been_ready
            row = 0 if was_ready and time.monotonic() - began > STEADY_S else row + 1
            failures = 0 if was_ready else failures + 1
            if self._ending.is_set():
                return
            if code == SETTINGS_WRONG or failures > MOST_FAILED_STARTS:
                self._give_up(slot, code)
                return
            self._metrics.restarts.labels(slot.kind).inc()
            await self._pause(row, f"{slot.name} has ended ({code})")

    async def _pause(self, row: int, why: str) -> None:
        """Wait before the next start; longer after each end in a row, until the tree ends."""
        delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(row - 1, 10)) if row else 0.0
        log.error("%s: it is started again in %.1f s", why, delay_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), delay_s)

    def _end_if_failed(self, keeping: asyncio.Task[None]) -> None:
        """End the tree if a place is not kept any more, instead of leaving it empty."""
        if not keeping.cancelled() and (error := keeping.exception()) is not None:
            log.critical("the supervisor has failed: ending", exc_info=error)
            self._exit_code = CANNOT_RECOVER
            self._ending.set()

    def _give_up(self, slot: ProcessSlot, code: int) -> None:
        self._exit_code = code if code == SETTINGS_WRONG else CANNOT_RECOVER
        log.critical(
            "%s has ended (%d) and does not become ready: ending with code %d",
            slot.name,
            code,
            self._exit_code,
        )
        self._ending.set()

    async def _tell_when_ready(self) -> None:
        fronts = sum(slot.kind == FRONT for slot in self._slots)
        while self._number_ready(FRONT) < fronts or not self._number_ready(ENGINE):
            await asyncio.sleep(LOOK_S)
        log.info("ready: %s", self._url, extra={"bare": True})

    async def _end_all(self) -> None:
        """Let the front ends finish what they have admitted, then end the engines."""
        settings = self._settings
        drain_s = settings.drain_grace_s + settings.drain_limit_s + FLUSH_S
        for kind, within_s in ((FRONT, drain_s), (ENGINE, FLUSH_S)):
            slots = [slot for slot in self._slots if slot.kind == kind]
            for slot in slots:
                slot.send_signal(signal.SIGTERM)
            if not await self._ended(slots, within_s):
                for slot in slots:
                    slot.send_signal(signal.SIGKILL)

    async def _ended(self, slots: Sequence[ProcessSlot], within_s: float) -> bool:
        until = time.monotonic() + within_s
        while any(slot.is_running for slot in slots):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def _number_ready(self, kind: str) -> int:
        return sum(slot.is_ready for slot in self._slots if slot.kind == kind)
