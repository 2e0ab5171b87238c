"""Requests, cancels, faults, swaps and time in any order, around a real batcher.

The engine's thread is real and the clock is not: it moves only between batches, so every run of the
same steps is the same. What must hold is said in `invariant`s and in `_require_fate`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models.picture import Pixels
from service.batching.batcher import Batcher
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue, PendingImage
from service.batching.recipe import Recipe, point_of
from service.errors import (
    DeadlinePassed,
    DeadlineTooNear,
    Draining,
    EngineFailed,
    QueueFull,
)
from service.operations.metrics import Metrics
from tests.service.function_engine import FunctionEngine
from tests.service.painter import PATIENCE_S, paint, wait_until

CAPACITY = 12
MAX_BATCH = 3
MAX_QUEUED_S = 20.0
MODELS = ("a", "b")


@dataclass(frozen=True)
class Batch:
    """What the engine was given, and when."""

    recipes: list[Recipe]
    at: float


class SteppedEngine:
    """An engine that stays inside each batch until it is let go.

    Attributes:
        loaded: the version of each model, as `name@version`.
        inside: whether it computes now.
        cursed: whether the next batch that is let go fails.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.loaded = {name: f"{name}@0" for name in MODELS}
        self.batches: list[Batch] = []
        self.failed: list[Batch] = []
        self.inside = False
        self.cursed = False
        self.permits = threading.Semaphore(0)

    def __call__(self, recipes: list[Recipe]) -> list[Pixels]:
        """The images of a batch, each painted with its own recipe."""
        batch = Batch(recipes, self.now)
        self.batches.append(batch)
        self.inside = True
        assert self.permits.acquire(timeout=PATIENCE_S)
        self.inside = False
        if self.cursed or recipes[0].model not in self.loaded.values():
            self.cursed = False
            self.failed.append(batch)
            raise ValueError("this batch fails")
        return [paint(recipe) for recipe in recipes]


class QueueMachine(RuleBasedStateMachine):
    """The batcher, and all that may happen to it.

    Attributes:
        fates: how often requests ended in each way, over all runs.
    """

    fates: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.engine = SteppedEngine()
        predictor = WorkPredictor()
        queue = AdmissionQueue(
            capacity=CAPACITY,
            max_batch=MAX_BATCH,
            max_work_s=1e9,
            max_queued_s=MAX_QUEUED_S,
            predictor=predictor,
        )
        self.thread = FunctionEngine(self.engine, lambda: self.engine.now)
        self.batcher = Batcher(self.thread, queue, predictor, Metrics(), lambda: self.engine.now)
        self.thread.start()
        self.tickets: list[PendingImage] = []  # in order of arrival; the seed is the place
        self.cancelled: set[int] = set()
        self.unbounded: set[int] = set()
        self.seen_batches = 0
        self.swaps = 0
        self.draining = self.stopped = False

    # ------------------------------------------------------------------ what may happen

    @rule(
        model=st.sampled_from(MODELS),
        resolutions=st.lists(st.sampled_from([4, 8, 16]), min_size=1, max_size=6),
        patience_s=st.sampled_from([0.5, 3.0, 30.0, 1e6]),
        bounded=st.booleans(),
    )
    def ask(self, model: str, resolutions: list[int], patience_s: float, bounded: bool) -> None:
        """A request, or with `bounded` false the later frames of one that was admitted."""
        first = len(self.tickets)
        pinned = self.engine.loaded[model]
        recipes = [Recipe(pinned, point_of(n), r) for n, r in enumerate(resolutions, first)]
        before = self.batcher.depths()
        idle = not self.batcher.queued_work_s()
        try:
            admitted = self.batcher.submit(recipes, self.engine.now + patience_s, bounded=bounded)
        except Draining:
            assert bounded
            assert self.draining
        except (QueueFull, DeadlineTooNear):
            assert bounded
            assert not self.draining
            assert not idle, "who meets an idle engine goes"
            assert self.batcher.depths() == before, "a refusal must leave nothing behind"
        else:
            assert not (bounded and self.draining)
            self.tickets += admitted
            self.unbounded |= set() if bounded else set(range(first, len(self.tickets)))
        self._settle()

    @precondition(lambda self: self.tickets)
    @rule(place=st.integers(0, 10**6))
    def hang_up(self, place: int) -> None:
        """A client goes; one whose batch has begun may still get its image."""
        seed = place % len(self.tickets)
        if self.tickets[seed].image.cancel():
            self.cancelled.add(seed)

    @rule(seconds=st.sampled_from([0.1, 1.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        """Time passes, and deadlines with it."""
        self.engine.now += seconds

    @precondition(lambda self: self.engine.inside)
    @rule(seconds=st.sampled_from([0.01, 0.5, 5.0]), cursed=st.booleans())
    def finish_batch(self, seconds: float, cursed: bool) -> None:
        """The engine computes its batch, or raises."""
        self.engine.now += seconds
        self.engine.cursed = cursed
        done = len(self.engine.batches)
        running = {recipe.point.start for recipe in self.engine.batches[-1].recipes}
        self.engine.permits.release()
        wait_until(lambda: all(self.tickets[seed].image.done() for seed in running))
        wait_until(lambda: len(self.engine.batches) > done or not self.engine.inside)
        self._settle()

    @rule(model=st.sampled_from(MODELS))
    def swap(self, model: str) -> None:
        """Another version of a model takes the place of the one that is loaded."""
        self.swaps += 1
        version = f"{model}@{self.swaps}"
        self.thread.thread.run(lambda: self.engine.loaded.update({model: version}), 1.0)
        if not self.engine.inside:
            wait_until(lambda: self.engine.loaded[model] == version)

    @precondition(lambda self: len(self.tickets) >= 30)
    @rule()
    def drain(self) -> None:
        """Nothing new from now on."""
        self.batcher.stop_admitting()
        self.draining = True

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def bounds_hold(self) -> None:
        """The line is as long as it may be, and a batch as large, of one model."""
        waiting = sum(self.batcher.depths().values())
        assert waiting <= CAPACITY + len(self.unbounded)
        for batch in self.engine.batches:
            assert 1 <= len(batch.recipes) <= MAX_BATCH
            assert len({recipe.model for recipe in batch.recipes}) == 1

    @invariant()
    def nothing_is_computed_twice_or_in_vain(self) -> None:
        """Each recipe once at most, for somebody who was still there and in time."""
        computed = Counter(self._computed())
        assert max(computed.values(), default=1) == 1
        assert not computed.keys() & self.cancelled
        for batch in self.engine.batches:
            assert all(self.tickets[r.point.start].deadline > batch.at for r in batch.recipes)

    @invariant()
    def who_has_an_answer_has_the_right_one(self) -> None:
        """Their own picture, or the fault that was theirs."""
        for seed, ticket in enumerate(self.tickets):
            if ticket.image.done():
                self._require_fate(seed, ticket)

    @invariant()
    def the_thread_lives(self) -> None:
        """Whatever failed."""
        assert self.stopped or self.thread.status().alive

    def teardown(self) -> None:
        """At the end everybody has heard: computed, or given up."""
        self.stopped = True
        given_up = self.batcher.stop()
        for _ in range(len(self.tickets) + 1):
            self.engine.permits.release()
        assert self.thread.ended(PATIENCE_S)
        assert all(ticket.image.done() for ticket in self.tickets), "nobody is forgotten"
        for seed, ticket in enumerate(self.tickets):
            self._require_fate(seed, ticket)
        told = [t.image for t in self.tickets if not t.image.cancelled()]
        self.fates["CancelledError"] += len(self.tickets) - len(told)
        self.fates.update(type(image.exception()).__name__ for image in told)
        assert given_up == sum(isinstance(image.exception(), Draining) for image in told)

    # ------------------------------------------------------------------ how it is seen

    def _computed(self) -> Iterator[int]:
        for batch in self.engine.batches:
            yield from (recipe.point.start for recipe in batch.recipes)

    def _settle(self) -> None:
        """Wait until the engine's thread has done what it can; then look at what it took."""
        wait_until(lambda: self.engine.inside or not self.batcher.unfinished())
        taken = set[int]()
        for number, batch in enumerate(self.engine.batches):
            seeds = {recipe.point.start for recipe in batch.recipes}
            if number >= self.seen_batches:
                waiting = set(range(len(self.tickets))) - self.cancelled - taken
                in_time = [n for n in waiting if self.tickets[n].deadline > batch.at]
                assert min(in_time) in seeds, "whoever has waited longest is in the next batch"
            taken |= seeds
        self.seen_batches = len(self.engine.batches)

    def _require_fate(self, seed: int, ticket: PendingImage) -> None:
        computed = set(self._computed())
        try:
            rendered = ticket.image.result(0)
        except CancelledError:
            assert seed in self.cancelled
        except DeadlinePassed:
            assert ticket.deadline <= self.engine.now
            assert seed not in computed
        except EngineFailed:
            failed = {r.point.start for batch in self.engine.failed for r in batch.recipes}
            assert seed in failed
        except Draining:
            assert self.stopped
            assert seed not in computed
        else:
            (batch,) = [b for b in self.engine.batches if ticket.recipe in b.recipes]
            assert np.array_equal(rendered.pixels, paint(ticket.recipe))
            assert rendered.batch_size == len(batch.recipes)
            assert rendered.queue_s == pytest.approx(batch.at - ticket.admitted_at)
            assert rendered.began_at == pytest.approx(batch.at)  # as the end less the duration
