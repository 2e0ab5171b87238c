"""Batches: formed when the engine can take one, computed on the engine's own thread.

Owns that thread, admission and delivery. The engine is a callable from recipes to images; this
room knows neither torch nor HTTP nor the event loop, whose side of it is `awaiting`. There is no
wait timer: while a batch is computed the line grows, and the next batch is whoever waits by then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from service.errors import Draining, EngineFailed, QueueFull
from service.picture import Pixels
from service.prediction import WorkPredictor
from service.queueing import Rendered, Ticket, WaitingLine
from service.recipe import Recipe

T = TypeVar("T")

HEARTBEAT_S = 0.5  # how often an idle engine thread shows that it lives
MAX_RETRY_AFTER_S = 600

log = logging.getLogger(__name__)

Run = Callable[[list[Recipe]], Sequence[Pixels]]


class Observer(Protocol):
    """Who wants to know of batches; called on the engine's thread."""

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """A batch was computed in `took_s`; its recipes had waited `waits_s`."""
        ...

    def batch_failed(self, error: Exception) -> None:
        """The engine raised."""
        ...


class Batcher:
    """The line, the engine's thread, and the way back to whoever waits.

    Args:
        run: one batch of recipes of one model -> their images, in the same order.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        run: Run,
        line: WaitingLine,
        predictor: WorkPredictor,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._line = line
        self._predictor = predictor
        self._observer = observer
        self._clock = clock
        self._changed = threading.Condition()
        self._errands: deque[Callable[[], None]] = deque()
        self._running: list[Ticket] = []
        self._began = self._beat = clock()
        self._draining = self._stopping = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Start the engine's thread."""
        self._beat = self._clock()
        self._thread.start()

    # ------------------------------------------------------------------ what others may ask

    @property
    def alive(self) -> bool:
        """Whether the engine's thread runs."""
        return self._thread.is_alive()

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the engine's thread last showed that it lives; grows during a batch."""
        return self._clock() - self._beat

    def depths(self) -> dict[str, int]:
        """Images waiting, by pinned model."""
        with self._changed:
            return dict(self._line.depths())

    def queued_work_s(self) -> float:
        """Predicted seconds until all that waits, and what is being computed, is done."""
        with self._changed:
            work = self._line.work_s()
            if running := [ticket.recipe for ticket in self._running]:
                predicted = self._predictor.seconds(running, self._line.max_batch)
                work += max(0.0, predicted - (self._clock() - self._began))
        return work

    def retry_after_s(self) -> int:
        """Whole seconds after which the work now queued should be done."""
        return min(MAX_RETRY_AFTER_S, int(self.queued_work_s()) + 1)

    # ------------------------------------------------------------------ work

    def submit(
        self,
        recipes: Sequence[Recipe],
        deadline: float,
        *,
        bounded: bool = True,
        later: Sequence[Recipe] = (),
    ) -> list[Ticket]:
        """Admit all of `recipes`, or refuse at once.

        Args:
            recipes: of one request.
            deadline: the clock's time in seconds.
            bounded: False for the later recipes of work that was admitted before.
            later: recipes of the same request that will be submitted by and by.

        Raises:
            QueueFull: there is no room.
            DeadlineTooNear: they could not all be done by then.
            Draining: nothing new is admitted any more.
        """
        now = self._clock()
        tickets = [Ticket(recipe, deadline, now) for recipe in recipes]
        with self._changed:
            if bounded and self._draining:
                raise Draining(
                    "this server is shutting down: try another one, or this one again later",
                    retry_after_s=self.retry_after_s(),
                )
            ahead_s = self.queued_work_s()
            # What meets an idle engine goes: so a prediction that is wrong is soon mended.
            if bounded and (ahead_s or later):
                self._line.require_time([*recipes, *later], ahead_s, deadline - now)
            try:
                self._line.admit(tickets, bounded=bounded)
            except QueueFull as error:
                error.retry_after_s = self.retry_after_s()
                raise
            self._changed.notify()
        return tickets

    def errand(self, job: Callable[[], T]) -> Future[T]:
        """Run `job` on the engine's thread, ahead of the next batch."""
        done: Future[T] = Future()

        def go() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(job())
                except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
                    done.set_exception(error)

        with self._changed:
            self._errands.append(go)
            self._changed.notify()
        return done

    # ------------------------------------------------------------------ the way out

    def stop_admitting(self) -> None:
        """Refuse everything new from now on; what was admitted is finished."""
        self._draining = True

    def unfinished(self) -> list[Future[Rendered]]:
        """The images that are promised and not there yet."""
        with self._changed:
            tickets = [*self._running, *self._line.waiting()]
        return [ticket.image for ticket in tickets if not ticket.image.done()]

    def stop(self) -> int:
        """End the thread after its batch; returns how many images were given up."""
        with self._changed:
            given_up = self._line.give_up("the server shut down before this request's turn came")
            self._stopping = True
            self._changed.notify()
        return given_up

    def ended(self, within_s: float) -> bool:
        """Whether the thread has ended, after waiting for it a while."""
        self._thread.join(within_s)
        return not self.alive

    # ------------------------------------------------------------------ the engine's thread

    def _work(self) -> None:
        while job := self._next():
            try:
                job()
            except Exception:  # a fault in the bookkeeping must not stop the engine
                log.exception("a batch was computed but not accounted for")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while True:
                self._beat = self._clock()
                if self._errands:
                    return self._errands.popleft()
                if batch := self._line.take(self._clock()):
                    self._running, self._began = batch, self._clock()
                    return lambda: self._compute(batch)
                if self._stopping:
                    return None
                self._changed.wait(HEARTBEAT_S)

    def _compute(self, batch: list[Ticket]) -> None:
        recipes = [ticket.recipe for ticket in batch]
        try:
            images = self._run(recipes)
            if len(images) != len(recipes):
                raise RuntimeError(f"{len(recipes)} recipes gave {len(images)} images")
        except Exception as error:
            log.exception("the engine failed on a batch of %d", len(batch))
            self._fail(batch, error)
        else:
            self._deliver(batch, images)
        finally:
            self._running = []

    def _deliver(self, batch: list[Ticket], images: Sequence[Pixels]) -> None:
        took = self._clock() - self._began
        waits = [self._began - ticket.admitted_at for ticket in batch]
        for ticket, pixels, wait in zip(batch, images, waits, strict=True):
            ticket.image.set_result(Rendered(pixels, wait, took, len(batch), self._began))
        recipes = [ticket.recipe for ticket in batch]
        with self._changed:
            self._predictor.observe(recipes, took)
        self._observer.batch_done(recipes, waits, took)

    def _fail(self, batch: list[Ticket], error: Exception) -> None:
        for ticket in batch:
            failure = EngineFailed("the engine failed on this picture; the fault is logged")
            failure.__cause__ = error
            ticket.image.set_exception(failure)
        self._observer.batch_failed(error)
