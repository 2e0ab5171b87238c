"""A replica's side of the state that all replicas share.

Owns the questions to the shared state and the beat of the replica. Without the shared state it is
refused what depends on it, and the rest goes on. Knows no Ray: a function asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import msgspec
from prometheus_client.registry import Collector

from service.access.rate import RateLimit
from service.batching.engine import BundleRefused, ModelInfo
from service.cluster.agreement import picture_facts
from service.cluster.messages import BeatAnswer, MetricsAnswer, ReplicaBeat, Verdict
from service.errors import NotReady, ServiceError
from service.operations.merged_metrics import SnapshotCollector, snapshot_of
from service.operations.metrics import Metrics
from service.refusal import error_of
from service.settings import Settings

Ask = Callable[..., Awaitable[object]]

REPLICA_BEAT_S: Final = 1.0
ASKED_S: Final = 10.0  # seconds that the shared state has for an answer
LEAVING_S: Final = 1.0
AWAY_RETRY_S: Final = 2
FIRST_UNKNOWN_S: Final = 1.0

log = logging.getLogger("progan")


class ReplicaState:
    """Implements `service.operations.shared_state.SharedState` by asking the shared state.

    Args:
        name: of this replica, different from that of each other one.
        ask: calls a method of `service.cluster.shared_state.ClusterState` by its name.
        metrics: of this replica.

    Attributes:
        elsewhere: pinned names of the models that any replica serves.
        fault: difference between this replica's pictures and those of the first; None without one.
    """

    def __init__(self, settings: Settings, name: str, ask: Ask, metrics: Metrics) -> None:
        self._name = name
        self._ask = ask
        self._metrics = metrics
        self._has_rate = settings.rate_limit is not None
        rate = settings.dataset_rate_limit
        self._most = RateLimit(rate, "pictures").most if rate else None
        self._numbers = count()
        self._scans: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.elsewhere: frozenset[str] = frozenset()
        self.fault: str | None = None

    # ------------------------------------------------------------------ clients

    async def take_request(self, key: bytes | None, address: str) -> None:
        """Count one request of a client, or raise `RateExceeded`."""
        if self._has_rate:
            await self._granted("take_request", key, address)

    @property
    def most_pictures(self) -> int | None:
        """The largest number of pictures in one window; None without a limit."""
        return self._most

    async def require_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Raise `RateExceeded` if a client's window has no room for pictures."""
        if self._most is not None:
            await self._granted("require_pictures", key, address, amount)

    def count_pictures(self, key: bytes | None, address: str, amount: int) -> None:
        """Count pictures that a client was sent."""
        if self._most is not None:
            self._tell("count_pictures", key, address, amount)

    @asynccontextmanager
    async def place(self, client: str, count: int) -> AsyncGenerator[Callable[[int], None]]:
        """Take the place of a data set until the end of the block."""
        number = next(self._numbers)
        try:
            await self._granted("take_place", self._name, number, client, count)
            yield lambda done: self._tell("tell_sent", self._name, number, done)
        finally:
            self._tell("leave_place", self._name, number)

    async def metrics(self) -> Collector:
        """The metrics of all replicas, each at most a second old."""
        return SnapshotCollector((await self._all()).metrics)

    async def recent_refusals(self) -> Counter[str]:
        """Requests that all replicas refused in the last minute."""
        return Counter((await self._all()).refusals)

    # ------------------------------------------------------------------ replicas

    async def approve(self, model: ModelInfo) -> None:
        """Wait until it is known that this replica makes the pictures of the first one.

        Raises:
            BundleRefused: it makes others.
        """
        while True:
            facts = picture_facts(model)
            try:
                await self._granted("propose", self._name, model.pinned_name, facts)
            except NotReady as error:
                if error.retry_after_s is None:
                    self.fault = str(error)
                    raise BundleRefused(str(error)) from None
                await asyncio.sleep(FIRST_UNKNOWN_S)
            else:
                return

    async def run(
        self, models: Callable[[], Mapping[str, ModelInfo]], look: Callable[[], None]
    ) -> None:
        """Tell the state of this replica each second, until cancelled.

        Args:
            models: the models that it serves, by any name.
            look: starts a scan that reads every bundle; called when all replicas are told to.
        """
        is_away = False
        while True:
            try:
                answer = await self._beat(models())
                is_away = False
            except NotReady as error:  # the next beat may find it again
                if not is_away:
                    log.warning("the shared state of the replicas does not answer: %s", error)
                is_away = True
            else:
                self._hear(answer, look)
            await asyncio.sleep(REPLICA_BEAT_S)

    async def leave(self) -> None:
        """Tell that this replica ends; the shared state may have ended with it."""
        try:
            await asyncio.wait_for(self._answer("leave", self._name), LEAVING_S)
        except (NotReady, TimeoutError):
            log.warning("the shared state was not told that this replica ends")

    async def _beat(self, models: Mapping[str, ModelInfo]) -> BeatAnswer:
        told = ReplicaBeat(
            snapshot_of(self._metrics.registry),
            dict(self._metrics.recent_refusals.totals()),
            {info.pinned_name: picture_facts(info) for info in models.values()},
        )
        answer = await self._answer("beat", self._name, msgspec.msgpack.encode(told))
        return msgspec.msgpack.decode(answer, type=BeatAnswer)

    def _hear(self, answer: BeatAnswer, look: Callable[[], None]) -> None:
        if self.elsewhere != frozenset(answer.models):
            self.elsewhere = frozenset(answer.models)
        self.fault = answer.fault or self.fault
        if self._scans is not None and answer.scans != self._scans:
            look()
        self._scans = answer.scans

    # ------------------------------------------------------------------ asking

    async def _all(self) -> MetricsAnswer:
        return msgspec.msgpack.decode(await self._answer("metrics"), type=MetricsAnswer)

    async def _granted(self, method: str, *arguments: object) -> None:
        answer = await self._answer(method, *arguments)
        verdict = msgspec.msgpack.decode(answer, type=Verdict)
        if verdict.refusal is not None:
            raise error_of(verdict.refusal)

    async def _answer(self, method: str, *arguments: object) -> bytes:
        try:
            answer = await asyncio.wait_for(self._ask(method, *arguments), ASKED_S)
        except ServiceError:
            raise
        except Exception as error:
            raise NotReady(
                "the state that the replicas share does not answer: try again in a moment",
                retry_after_s=AWAY_RETRY_S,
            ) from error
        return answer if isinstance(answer, bytes) else b""

    def _tell(self, method: str, *arguments: object) -> None:
        """Call without waiting; a message that is lost changes no answer for long."""

        async def told() -> None:
            try:
                await self._answer(method, *arguments)
            except NotReady as error:
                log.warning("%s", error)

        task = asyncio.get_running_loop().create_task(told())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
