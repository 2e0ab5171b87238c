"""The supervisor's side of the state that all processes share.

Owns the windows of rate limits, the places of data sets and the last metrics of each process, with
the session of each. A process that ends gives its places back, and its counters stay. Starts and
ends no process.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, cast

import msgspec

from service.errors import ServiceError
from service.operations.downloads import Download, OpenDownloads
from service.operations.merged_metrics import MetricSums, counters_in, merged
from service.operations.metric_snapshots import MetricSnapshot
from service.operations.shared_state import ClientWindows
from service.processes.control_messages import (
    AllMetrics,
    AskForModels,
    AskMetrics,
    CollectMetrics,
    Control,
    CountPictures,
    Granted,
    LeavePlace,
    LookForModels,
    MetricsSnapshot,
    ProcessBeat,
    RequirePictures,
    TakePlace,
    TakeRequest,
    TellSent,
    ToSupervisor,
)
from service.processes.frames import FrameConnection
from service.refusal import refusal_of
from service.settings import Settings

COLLECT_WITHIN_S: Final = 1.0  # for all processes together; of a hung one, its last metrics count
ENGINE: Final = "engine"
FRONT: Final = "front"


class TreeState:
    """Shared state, and the sessions of all processes that run.

    Args:
        own_metrics: those of the supervisor.
    """

    def __init__(self, settings: Settings, own_metrics: Callable[[], list[MetricSnapshot]]) -> None:
        self.windows = ClientWindows(settings.rate_limit, settings.dataset_rate_limit)
        self.places = OpenDownloads(settings.max_datasets)
        self._own_metrics = own_metrics
        self._sessions: set[ProcessSession] = set()
        self._ended = MetricSums()

    def opened(self, kind: str, name: str) -> ProcessSession:
        """Begin the session of a process of this kind and name."""
        session = ProcessSession(self, kind, name)
        self._sessions.add(session)
        return session

    def closed(self, session: ProcessSession) -> None:
        """End a session: its places are free, its counters stay."""
        if session in self._sessions:
            self._sessions.discard(session)
            session.places.close()
            self._ended.add_all(counters_in(session.metrics))

    def look_for_models(self) -> None:
        """Tell all engines to read every bundle again."""
        for session in self._sessions:
            if session.kind == ENGINE:
                session.send(LookForModels())

    async def collect(self) -> tuple[list[MetricSnapshot], Counter[str]]:
        """The metrics of all processes, and their recent refusals by reason."""
        sessions = [*self._sessions]
        waits = [asyncio.ensure_future(session.fresh_metrics()) for session in sessions]
        if waits:
            _, late = await asyncio.wait(waits, timeout=COLLECT_WITHIN_S)
            for wait in late:
                wait.cancel()
        engines = {each.name: each.metrics for each in sessions if each.kind == ENGINE}
        fronts = {each.name: each.metrics for each in sessions if each.kind == FRONT}
        refusals = sum((Counter(each.refusals) for each in sessions), Counter[str]())
        metrics = merged(engines, fronts, self._own_metrics(), self._ended.snapshots())
        return metrics, refusals


class ProcessSession:
    """One process, from its start to its end.

    Attributes:
        is_ready: as it said last.
        has_been_ready: True if it said so at any time.
        heard_at: time of its last message, of `time.monotonic`; minus infinity before the first.
        metrics, refusals: its last metrics.
        places: its places of data sets.
    """

    def __init__(self, state: TreeState, kind: str, name: str) -> None:
        self._state = state
        self.kind = kind
        self.name = name
        self.is_ready = self.has_been_ready = False
        self.heard_at = -math.inf
        self.metrics: list[MetricSnapshot] = []
        self.refusals: dict[str, int] = {}
        self.places = ExitStack()
        self._open_places: dict[int, tuple[ExitStack, Download]] = {}
        self._collected: asyncio.Future[None] | None = None
        decoder: msgspec.msgpack.Decoder[ToSupervisor] = msgspec.msgpack.Decoder(
            cast("type[ToSupervisor]", ToSupervisor)
        )
        self.connection = FrameConnection(decoder, self._receive, lambda: state.closed(self))

    def send(self, message: Control) -> None:
        """Send a message."""
        self.connection.send(message)

    async def fresh_metrics(self) -> None:
        """Ask for the metrics, and wait until they have come."""
        if self._collected is None or self._collected.done():
            self._collected = asyncio.get_running_loop().create_future()
            self.send(CollectMetrics())
        await asyncio.shield(self._collected)

    def _receive(self, message: ToSupervisor) -> None:
        self.heard_at = time.monotonic()
        if isinstance(message, ProcessBeat):
            self.is_ready = message.is_ready
            self.has_been_ready |= message.is_ready
        elif isinstance(message, MetricsSnapshot):
            self.metrics, self.refusals = message.metrics, message.refusals
            if self._collected is not None and not self._collected.done():
                self._collected.set_result(None)
        elif isinstance(message, TakeRequest | RequirePictures | TakePlace):
            self._grant(message)
        elif isinstance(message, AskMetrics):
            task = asyncio.get_running_loop().create_task(self._tell_metrics(message.number))
            task.add_done_callback(lambda done: done.exception())
        else:
            self._note(message)

    def _note(self, message: AskForModels | CountPictures | TellSent | LeavePlace) -> None:
        """Act on a message without an answer; the place that it names may be gone."""
        if isinstance(message, AskForModels):
            self._state.look_for_models()
        elif isinstance(message, CountPictures):
            self._state.windows.count_pictures(message.key, message.address, message.amount)
        elif message.number not in self._open_places:
            return
        elif isinstance(message, TellSent):
            self._open_places[message.number][1].done = message.done
        else:
            self._open_places.pop(message.number)[0].close()

    def _grant(self, message: TakeRequest | RequirePictures | TakePlace) -> None:
        windows = self._state.windows
        try:
            if isinstance(message, TakeRequest):
                windows.take_request(message.key, message.address)
            elif isinstance(message, RequirePictures):
                windows.require_pictures(message.key, message.address, message.amount)
            else:
                self._take_place(message)
        except ServiceError as error:
            self.send(Granted(message.number, refusal_of(error)))
        else:
            self.send(Granted(message.number))

    def _take_place(self, message: TakePlace) -> None:
        place = ExitStack()
        download = place.enter_context(self._state.places.opened(message.client, message.count))
        self._open_places[message.number] = (self.places.enter_context(place), download)

    async def _tell_metrics(self, number: int) -> None:
        metrics, refusals = await self._state.collect()
        self.send(AllMetrics(number, metrics, dict(refusals)))
