"""A process's connection to the supervisor that started it.

Owns its messages to the supervisor, and the answers that are awaited; so the state that all front
ends share. The end of the supervisor ends the process. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

import msgspec
from prometheus_client.registry import Collector

from service.access.rate import RateLimit
from service.errors import NotReady
from service.operations.merged_metrics import SnapshotCollector, snapshot_of
from service.operations.metrics import Metrics
from service.processes.control_messages import (
    AllMetrics,
    AskForModels,
    AskMetrics,
    CollectMetrics,
    Control,
    CountPictures,
    FromSupervisor,
    Granted,
    LeavePlace,
    MetricsSnapshot,
    ProcessBeat,
    RequirePictures,
    TakePlace,
    TakeRequest,
    TellSent,
)
from service.processes.frames import FrameConnection
from service.refusal import error_of
from service.settings import Settings

BEAT_S: Final = 0.25
SNAPSHOT_BEATS: Final = 8  # the metrics of a process that ends suddenly are at most so old
SUPERVISOR_ANSWER_S: Final = (
    5.0  # after which the supervisor counts as stopped; it answers in a millisecond
)
SUPERVISOR_RETRY_S: Final = 5
SUPERVISOR_SILENT: Final = "the supervisor of this service does not answer: try again later"
SUPERVISOR_ENDED: Final = "the service is ending: try again when it has restarted"
PR_SET_PDEATHSIG: Final = 1  # of Linux' prctl


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when the process `parent`, which started it, ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before this was set
        os._exit(0)


class SupervisorLink:
    """The connection, and requests to the supervisor that wait for their answer.

    Args:
        descriptor: of the connected socket.
        metrics: of this process.
        is_ready: tells if this process can do its work.
        look_for_models: called when every bundle must be read again.
    """

    def __init__(
        self,
        descriptor: int,
        metrics: Metrics,
        is_ready: Callable[[], bool],
        look_for_models: Callable[[], None] = lambda: None,
    ) -> None:
        self._descriptor = descriptor
        self._metrics = metrics
        self._is_ready = is_ready
        self._look_for_models = look_for_models
        self._asked: dict[int, asyncio.Future[Granted | AllMetrics]] = {}
        self._number = 0
        self._beats = 0
        decoder: msgspec.msgpack.Decoder[FromSupervisor] = msgspec.msgpack.Decoder(
            cast("type[FromSupervisor]", FromSupervisor)
        )
        self._connection = FrameConnection(decoder, self._receive, self._lost)

    async def run(self) -> None:
        """Connect, and show several times a second that this process lives, until cancelled."""
        connected = socket.socket(fileno=self._descriptor)
        connected.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self._connection, sock=connected)
        while True:
            self.send_beat()
            self._beats += 1
            if self._beats % SNAPSHOT_BEATS == 0:
                self._send_snapshot()
            await asyncio.sleep(BEAT_S)

    def send_beat(self) -> None:
        """Tell the supervisor that this process lives, and whether it is ready."""
        self.send(ProcessBeat(self._is_ready()))

    def send(self, message: Control) -> None:
        """Send a message that has no answer."""
        self._connection.send(message)

    def new_number(self) -> int:
        """A number for a message that is answered."""
        self._number += 1
        return self._number

    async def ask(
        self, message: TakeRequest | RequirePictures | TakePlace | AskMetrics
    ) -> Granted | AllMetrics:
        """Send a message and wait for its answer.

        Raises:
            NotReady: the supervisor has ended, or does not answer in time.
            ServiceError: it was refused.
        """
        if not self._connection.is_open:
            raise NotReady(SUPERVISOR_ENDED)
        number = message.number
        answered: asyncio.Future[Granted | AllMetrics]
        answered = asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        self.send(message)
        try:
            async with asyncio.timeout(SUPERVISOR_ANSWER_S):
                answer = await answered
        except TimeoutError as error:
            raise NotReady(SUPERVISOR_SILENT, retry_after_s=SUPERVISOR_RETRY_S) from error
        finally:
            self._asked.pop(number, None)
        if isinstance(answer, Granted) and answer.refusal is not None:
            raise error_of(answer.refusal)
        return answer

    def _receive(self, message: FromSupervisor) -> None:
        if isinstance(message, CollectMetrics):
            self._send_snapshot()
        elif isinstance(message, Granted | AllMetrics):
            if (asked := self._asked.get(message.number)) is not None and not asked.done():
                asked.set_result(message)
        else:
            self._look_for_models()

    def _send_snapshot(self) -> None:
        refusals = dict(self._metrics.recent_refusals.totals())
        self.send(MetricsSnapshot(snapshot_of(self._metrics.registry), refusals))

    def _lost(self) -> None:
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(NotReady(SUPERVISOR_ENDED))
        os.kill(os.getpid(), signal.SIGTERM)


class RemoteState:
    """Implements `service.operations.shared_state.SharedState` by asking the supervisor."""

    def __init__(self, settings: Settings, link: SupervisorLink) -> None:
        self._link = link
        self._has_rate = settings.rate_limit is not None
        rate = settings.dataset_rate_limit
        self._most = RateLimit(rate, "pictures").most if rate else None

    async def take_request(self, key: bytes | None, address: str) -> None:
        """Count one request of a client, or raise `RateExceeded`."""
        if self._has_rate:
            await self._link.ask(TakeRequest(self._link.new_number(), key, address))

    @property
    def most_pictures(self) -> int | None:
        """The largest number of pictures in one window; None without a limit."""
        return self._most

    async def require_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Raise `RateExceeded` if a client's window has no room for pictures."""
        if self._most is not None:
            number = self._link.new_number()
            await self._link.ask(RequirePictures(number, key, address, amount))

    def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent."""
        if self._most is not None:
            self._link.send(CountPictures(key, address, amount))

    @asynccontextmanager
    async def place(self, client: str, count: int) -> AsyncGenerator[Callable[[int], None]]:
        """Take the place of a data set until the end of the block."""
        number = self._link.new_number()
        try:
            await self._link.ask(TakePlace(number, client, count))
            yield lambda done: self._link.send(TellSent(number, done))
        finally:
            self._link.send(LeavePlace(number))

    async def metrics(self) -> Collector:
        """The metrics of all processes."""
        return SnapshotCollector((await self._all()).metrics)

    async def recent_refusals(self) -> Counter[str]:
        """Requests that all processes refused in the last minute."""
        return Counter((await self._all()).refusals)

    def look_for_models(self) -> None:
        """Ask that all engines read every bundle again."""
        self._link.send(AskForModels())

    async def _all(self) -> AllMetrics:
        answer = await self._link.ask(AskMetrics(self._link.new_number()))
        assert isinstance(answer, AllMetrics)  # the supervisor answers so
        return answer
