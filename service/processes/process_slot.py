"""One place in the process tree, in which one process runs at a time.

Owns the start of that process, its connection to the supervisor, and its end when it is silent for
too long. Decides nothing about the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.processes.tree_state import ProcessSession, TreeState

LOOK_S: Final = 0.1
LOADING_S: Final = 600.0  # silence that is allowed until a process was ready

log = logging.getLogger("progan")


@dataclass(eq=False)
class ProcessSlot:
    """One place in the tree.

    Attributes:
        kind, name: of the process, for metrics and the log.
        command: module of the process, and its arguments.
        inherited: descriptors that the process inherits.
        process, session: of the present process, or of the last one.
    """

    kind: str
    name: str
    command: Sequence[str]
    inherited: Sequence[int]
    process: asyncio.subprocess.Process | None = None
    session: ProcessSession | None = None

    @property
    def is_running(self) -> bool:
        """True if its process runs."""
        return self.process is not None and self.process.returncode is None

    @property
    def is_ready(self) -> bool:
        """True if its process runs and says that it is ready."""
        return self.is_running and self.session is not None and self.session.is_ready

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to its process, if one runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def run(self, state: TreeState, environment: Mapping[str, str], silence_s: float) -> int:
        """Start a process, and wait for its end; returns its exit code.

        Args:
            state: shared with the process.
            environment: of the process.
            silence_s: seconds without a message after which it is killed.

        Raises:
            OSError: the system has no process, memory or descriptor left for it.
        """
        self.session = None
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            self.process = await self._started(theirs, environment)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self.session = session = state.opened(self.kind, self.name)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: session.connection, sock=ours)
        watching = loop.create_task(self._kill_if_silent(session, silence_s))
        try:
            return await self.process.wait()
        finally:
            watching.cancel()
            session.connection.close()
            state.closed(session)

    async def _started(
        self, theirs: socket.socket, environment: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        """Start a process with its end of the connection."""
        arguments = [f"--control={theirs.fileno()}", f"--parent={os.getpid()}"]
        arguments.append(f"--name={self.name}")
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *self.command,
            *arguments,
            env=environment,
            pass_fds=[theirs.fileno(), *self.inherited],
            process_group=0,  # a terminal sends its signals to the supervisor alone
        )

    async def _kill_if_silent(self, session: ProcessSession, silence_s: float) -> None:
        looked_at = session.heard_at = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            if now - looked_at > 10 * LOOK_S:  # the supervisor itself was stopped
                session.heard_at = now
            looked_at = now
            allowed_s = silence_s if session.has_been_ready else LOADING_S
            if now - session.heard_at > allowed_s:
                log.error("%s has been silent for %.0f s: it is killed", self.name, allowed_s)
                self.send_signal(signal.SIGKILL)
                return
