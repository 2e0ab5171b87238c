"""Discrete-event simulation of replicas of the service (SimPy).

Owns the model: a replica has cores, event loops, encoder threads and one device that renders in
batches; requests go to a replica at random. Knows neither HTTP nor where the times come from.

A request passes an event loop, waits for a batch, is encoded, and passes the loop again. Loops,
encoders and, in a replica without a device of its own, the network too, share the cores, first come
first served. A batch begins as soon as the device is free, with all that waits, up to its limit, as
in `service.batching`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

Steps = Generator[simpy.Event, Any, None]
BatchTime = Callable[[int], float]


@dataclass(frozen=True)
class PictureTimes:
    """Seconds of one kind of picture.

    Attributes:
        http_s: on the event loop, for one request.
        batch_s, each_s: a batch takes `batch_s`, and `each_s` more for each of its pictures.
        encode_s: on an encoder thread.
    """

    http_s: float
    batch_s: float
    each_s: float
    encode_s: float


@dataclass(frozen=True)
class Replica:
    """One process of the service, or one tree of processes with one device.

    Attributes:
        cores: processor cores.
        loops: event loops, one for each HTTP process.
        encoders: encoder threads.
        max_batch: pictures in a batch.
        on_cores: True if the network runs on these cores, one at a time; else on a device.
        capacity: pictures that may wait; more are refused.
    """

    times: PictureTimes
    cores: int
    loops: int = 1
    encoders: int = 1
    max_batch: int = 8
    on_cores: bool = True
    capacity: int = 256

    @property
    def limit(self) -> float:
        """Pictures a second that no arrangement of work can exceed."""
        times = self.times
        full = (times.batch_s + times.each_s * self.max_batch) / self.max_batch
        on_cores = times.http_s + times.encode_s + full * self.on_cores
        each = (
            times.http_s / self.loops,
            times.encode_s / self.encoders,
            full,
            on_cores / self.cores,
        )
        return 1 / max(each)


@dataclass(frozen=True)
class Outcome:
    """Result of a simulation.

    Attributes:
        latencies_s: seconds from arrival to answer, in the order of answers.
        waits_s: seconds that each picture waited for its batch, in the order of batches.
        refused: requests that found too many waiting.
        batches: number of batches.
        ended_s: time of the last event.
    """

    latencies_s: tuple[float, ...]
    waits_s: tuple[float, ...]
    refused: int
    batches: int
    ended_s: float


class _Record:
    """What has happened in a simulation until now."""

    def __init__(self) -> None:
        self.latencies_s: list[float] = []
        self.waits_s: list[float] = []
        self.refused = self.batches = 0


class _RunningReplica:
    """A replica in a simulation."""

    def __init__(
        self, world: simpy.Environment, kind: Replica, batch_time: BatchTime, record: _Record
    ) -> None:
        self._world, self._kind, self._record = world, kind, record
        self._batch_time = batch_time
        self._cores = simpy.Resource(world, kind.cores)
        self._loops = simpy.Resource(world, kind.loops)
        self._encoders = simpy.Resource(world, kind.encoders)
        self._waiting: deque[tuple[float, simpy.Event]] = deque()
        self._arrival = world.event()
        world.process(self._render())

    def answer(self) -> Steps:
        """Answer one request that has just arrived."""
        arrived, times = self._world.now, self._kind.times
        yield from self._compute(times.http_s / 2, self._loops)
        if len(self._waiting) >= self._kind.capacity:
            self._record.refused += 1
            return
        rendered = self._world.event()
        self._waiting.append((self._world.now, rendered))
        if not self._arrival.triggered:
            self._arrival.succeed()
        yield rendered
        yield from self._compute(times.encode_s, self._encoders)
        yield from self._compute(times.http_s / 2, self._loops)
        self._record.latencies_s.append(self._world.now - arrived)

    def _render(self) -> Steps:
        while True:
            if not self._waiting:
                self._arrival = self._world.event()
                yield self._arrival
            if self._kind.on_cores:
                core = self._cores.request()
                with core:
                    yield core
                    batch = self._take()
                    yield self._world.timeout(self._batch_time(len(batch)))
            else:
                batch = self._take()
                yield self._world.timeout(self._batch_time(len(batch)))
            for rendered in batch:
                rendered.succeed()

    def _take(self) -> list[simpy.Event]:
        count = min(len(self._waiting), self._kind.max_batch)
        taken = [self._waiting.popleft() for _ in range(count)]
        self._record.batches += 1
        self._record.waits_s += [self._world.now - since for since, _ in taken]
        return [rendered for _, rendered in taken]

    def _compute(self, seconds: float, place: simpy.Resource) -> Steps:
        if not seconds:
            return
        turn = place.request()
        with turn:
            yield turn
            core = self._cores.request()
            with core:
                yield core
                yield self._world.timeout(seconds)


def simulate(
    kind: Replica,
    arrivals: Sequence[float],
    *,
    replicas: int = 1,
    seed: int = 0,
    batch_time: BatchTime | None = None,
) -> Outcome:
    """Simulate requests that arrive at `arrivals`, until all of them are answered or refused.

    Args:
        kind: of all replicas.
        arrivals: seconds since the beginning, ascending.
        replicas: number of replicas; each request goes to one at random.
        seed: of that choice.
        batch_time: seconds of a batch of so many pictures, in the place of those of `kind`.
    """
    times = kind.times

    def duration(count: int) -> float:
        return times.batch_s + times.each_s * count

    world, record = simpy.Environment(), _Record()
    running = [
        _RunningReplica(world, kind, batch_time or duration, record) for _ in range(replicas)
    ]
    chosen = routes(len(arrivals), replicas, seed)

    def arrive() -> Steps:
        for when, which in zip(arrivals, chosen, strict=True):
            yield world.timeout(when - world.now)
            world.process(running[which].answer())

    world.process(arrive())
    world.run()
    return Outcome(
        tuple(record.latencies_s),
        tuple(record.waits_s),
        record.refused,
        record.batches,
        world.now,
    )


def routes(requests: int, replicas: int, seed: int) -> list[int]:
    """The number of the replica of each request."""
    chance = random.Random(seed)
    return [chance.randrange(replicas) for _ in range(requests)]
