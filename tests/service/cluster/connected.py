"""Replicas' sides of a shared state, without Ray: questions are calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from service.cluster.replica_state import Ask, ReplicaState
from service.cluster.shared_state import ClusterState
from service.operations.metrics import Metrics
from service.settings import Settings
from tests.service.painter import PATIENCE_S


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """The time in seconds."""
        return self.now


def asking(state: ClusterState) -> Ask:
    """Call a method of `state` by its name, as Ray does for a replica."""

    def ask(method: str, *arguments: object) -> Awaitable[object]:
        return getattr(state, method)(*arguments)

    return ask


def side_of(state: ClusterState, settings: Settings, name: str) -> ReplicaState:
    """The side of a replica of this name."""
    return ReplicaState(settings, name, asking(state), Metrics())


async def until(fact: Callable[[], object]) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():
            await asyncio.sleep(0.01)
