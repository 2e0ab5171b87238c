"""State that all replicas share: rate limits, places of data sets, metrics, and their agreement.

Owns the session of each replica: a replica that is silent has ended, its places are free and its
counters stay. Runs once in a cluster. All methods take and return bytes or plain values, and are
coroutines, so that they run one at a time. Knows no Ray.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

import msgspec

from service.cluster.agreement import first_facts, picture_difference
from service.cluster.messages import BeatAnswer, MetricsAnswer, ReplicaBeat, Verdict
from service.environment import read_settings
from service.errors import NotReady, ServiceError
from service.operations.downloads import Download, OpenDownloads
from service.operations.merged_metrics import MetricSums, counters_in, merged_replicas
from service.operations.metric_snapshots import MetricSnapshot
from service.operations.shared_state import ClientWindows
from service.refusal import refusal_of
from service.settings import Settings

SILENT_S: Final = 10.0  # a replica that says nothing for so long has ended
LEARNING_S: Final = 3.0  # after its start, before it says who is first: replicas that run report
REMEMBERED: Final = 64  # replicas that have ended and may only have been silent


@dataclass
class ReplicaSession:
    """One replica.

    Attributes:
        heard_at: clock time in seconds of its last message.
        proposed: facts of models that it has loaded and does not serve yet.
        open_places: its places of data sets, by number.
    """

    heard_at: float
    beat: ReplicaBeat = field(default_factory=lambda: ReplicaBeat([], {}, {}))
    proposed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    places: ExitStack = field(default_factory=ExitStack)
    open_places: dict[int, tuple[ExitStack, Download]] = field(
        default_factory=dict[int, tuple[ExitStack, Download]]
    )

    @property
    def models(self) -> dict[str, list[str]]:
        """Facts of all models that it has loaded."""
        return {**self.proposed, **self.beat.models}


class ClusterState:
    """The shared state; created where it runs, with the settings of that process.

    Args:
        settings: None to read them from the environment.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self, settings: Settings | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        settings = settings or read_settings()[0]
        self._windows = ClientWindows(settings.rate_limit, settings.dataset_rate_limit)
        self._places = OpenDownloads(settings.max_datasets)
        self._clock = clock
        self._began = clock()
        self._sessions: dict[str, ReplicaSession] = {}  # in the order in which they began
        self._ended: dict[str, list[MetricSnapshot]] = {}
        self._forgotten = MetricSums()
        self._scans = 0

    # ------------------------------------------------------------------ replicas

    async def beat(self, replica: str, told: bytes) -> bytes:
        """Take the state of a replica (`ReplicaBeat`); returns a `BeatAnswer`."""
        session = self._session(replica)
        session.beat = msgspec.msgpack.decode(told, type=ReplicaBeat)
        for pinned in session.beat.models:
            session.proposed.pop(pinned, None)
        self._end_silent()
        models = {name for each in self._sessions.values() for name in each.beat.models}
        answer = BeatAnswer(self._scans, sorted(models), self._fault_of(session))
        return msgspec.msgpack.encode(answer)

    async def leave(self, replica: str) -> None:
        """End the session of a replica that shuts down."""
        self._end(replica)

    async def propose(self, replica: str, pinned: str, facts: list[str]) -> bytes:
        """Compare a model that a replica has loaded with that of the first; a `Verdict`.

        Refused with `NotReady`, with time to wait while it is not known which replica is first.
        """
        self._end_silent()
        session = self._session(replica)
        others = [each.models for name, each in self._sessions.items() if name != replica]
        first = first_facts(pinned, others)
        if first is None and self._clock() - self._began < LEARNING_S:
            return _verdict(NotReady("the replicas are not known yet", retry_after_s=1))
        if first is not None and (wrong := picture_difference(pinned, first, facts)):
            return _verdict(NotReady(wrong))
        session.proposed[pinned] = facts
        return _verdict(None)

    async def look_for_models(self) -> None:
        """Have all replicas read every bundle again."""
        self._scans += 1

    async def metrics(self) -> bytes:
        """The metrics of all replicas: a `MetricsAnswer`."""
        self._end_silent()
        ended = MetricSums()
        for metrics in (self._forgotten.snapshots(), *self._ended.values()):
            ended.add_all(metrics)
        beats = {name: each.beat for name, each in self._sessions.items()}
        merged = merged_replicas({n: b.metrics for n, b in beats.items()}, ended.snapshots())
        refusals = sum((Counter(beat.refusals) for beat in beats.values()), Counter[str]())
        return msgspec.msgpack.encode(MetricsAnswer(merged, dict(refusals)))

    # ------------------------------------------------------------------ clients

    async def take_request(self, key: bytes | None, address: str) -> bytes:
        """Count one request of a client; a `Verdict`."""
        return _tried(lambda: self._windows.take_request(key, address))

    async def require_pictures(self, key: bytes | None, address: str, amount: int) -> bytes:
        """Check a client's window of pictures; a `Verdict`."""
        return _tried(lambda: self._windows.require_pictures(key, address, amount))

    async def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent."""
        self._windows.count_pictures(key, address, amount)

    async def take_place(self, replica: str, number: int, client: str, count: int) -> bytes:
        """Take the place of a data set of `count` pictures; a `Verdict`."""
        return _tried(lambda: self._take_place(self._session(replica), number, client, count))

    async def tell_sent(self, replica: str, number: int, done: int) -> None:
        """Note how many pictures of a data set were sent."""
        session = self._sessions.get(replica)
        if session is not None and number in session.open_places:
            session.open_places[number][1].done = done

    async def leave_place(self, replica: str, number: int) -> None:
        """Give the place of a data set back."""
        session = self._sessions.get(replica)
        if session is not None and number in session.open_places:
            session.open_places.pop(number)[0].close()

    # ------------------------------------------------------------------ sessions

    def _session(self, replica: str) -> ReplicaSession:
        """The session of a replica that has just been heard; begins or resumes it."""
        session = self._sessions.setdefault(replica, ReplicaSession(self._clock()))
        session.heard_at = self._clock()
        self._ended.pop(replica, None)
        return session

    def _fault_of(self, session: ReplicaSession) -> str | None:
        """The first difference between a replica's pictures and those of the first replica."""
        everyone = [each.models for each in self._sessions.values()]
        for pinned, facts in session.beat.models.items():
            first = first_facts(pinned, everyone)
            if first is not None and (wrong := picture_difference(pinned, first, facts)):
                return wrong
        return None

    def _end_silent(self) -> None:
        now = self._clock()
        for name, each in [*self._sessions.items()]:
            if now - each.heard_at > SILENT_S:
                self._end(name)

    def _end(self, replica: str) -> None:
        if (session := self._sessions.pop(replica, None)) is None:
            return
        session.places.close()
        self._ended[replica] = counters_in(session.beat.metrics)
        if len(self._ended) > REMEMBERED:
            self._forgotten.add_all(self._ended.pop(next(iter(self._ended))))

    def _take_place(self, session: ReplicaSession, number: int, client: str, count: int) -> None:
        place = ExitStack()
        download = place.enter_context(self._places.opened(client, count))
        session.open_places[number] = (session.places.enter_context(place), download)


def _tried(step: Callable[[], None]) -> bytes:
    try:
        step()
    except ServiceError as error:
        return _verdict(error)
    return _verdict(None)


def _verdict(error: ServiceError | None) -> bytes:
    return msgspec.msgpack.encode(Verdict(None if error is None else refusal_of(error)))
