"""Batches: formed when the engine can take one, computed on the engine's own thread.

Owns that thread, its pulse and admission; `delivery` owns what becomes of a batch. The engine is a
callable from recipes to images; this room knows neither torch nor HTTP nor the event loop, whose
side of it is `awaiting`. There is no wait timer: while a batch is computed the line grows, and the
next batch is whoever waits by then.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from service.batching.batch_limit import BatchSizeLimit
from service.batching.engine import DeviceLost
from service.batching.executor import BatchExecutor, Observer, Run, refuse
from service.batching.heartbeat import Heartbeat
from service.batching.predictor import WorkPredictor
from service.batching.queue import RESTART_S, AdmissionQueue, PendingImage, Rendered
from service.batching.recipe import Recipe
from service.errors import Draining, EngineLost, EngineSilent, QueueFull, Refused

T = TypeVar("T")

HEARTBEAT_S = 0.5  # how often an idle engine thread shows that it lives
ERRAND_S = 600.0  # that an errand may take: to load and prove all bundles, from a slow disk
MAX_RETRY_AFTER_S = 600
ENGINE_ENDED = "the engine has ended, and this server with it: try again when it has restarted"

log = logging.getLogger(__name__)


class Batcher:
    """The line, the engine's thread, and the way back to whoever waits.

    Args:
        run: one batch of recipes of one model -> their images, in the same order.
        clock: seconds, monotonic.
        stall_s: seconds overdue after which nothing new is admitted.

    Attributes:
        fault: what ended the engine's thread before its time.
    """

    def __init__(
        self,
        run: Run,
        line: AdmissionQueue,
        predictor: WorkPredictor,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
        stall_s: float = math.inf,
    ) -> None:
        self._line = line
        self._predictor = predictor
        self._clock = clock
        self._stall_s = stall_s
        self._heart = Heartbeat(clock)
        self._cap = BatchSizeLimit(line.max_batch)
        self._delivery = BatchExecutor(run, observer, predictor, self._heart, self._cap)
        self._changed = threading.Condition()
        self._errands: deque[Callable[[], None]] = deque()
        self._running: list[PendingImage] = []
        self._draining = self._stopping = False
        self.fault: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Start the engine's thread."""
        self._heart.beat()
        self._thread.start()

    # ------------------------------------------------------------------ what others may ask

    @property
    def alive(self) -> bool:
        """Whether the engine's thread runs."""
        return self._thread.is_alive() and self.fault is None

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the engine's thread last showed that it lives; grows during a batch."""
        return self._heart.age_s

    @property
    def overdue_s(self) -> float:
        """Seconds of silence beyond what the work in hand may honestly take."""
        return self._heart.overdue_s

    def depths(self) -> dict[str, int]:
        """Images waiting, by pinned model."""
        with self._changed:
            return dict(self._line.depths())

    def queued_work_s(self) -> float:
        """Predicted seconds until all that waits, and what is being computed, is done."""
        with self._changed:
            work = self._line.work_s()
            if running := [t.recipe for t in self._running if not t.image.done()]:
                predicted = self._predictor.seconds(running, self._line.max_batch)
                work += max(0.0, predicted - self._heart.age_s)
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
    ) -> list[PendingImage]:
        """Admit all of `recipes`, or refuse at once.

        Args:
            recipes: of one request.
            deadline: the clock's time in seconds.
            bounded: False for the later recipes of work that was admitted before.
            later: recipes of the same request that will be submitted by and by.

        Raises:
            QueueFull: there is no room.
            DeadlineTooNear: they could not all be done by then.
            Draining, EngineSilent, EngineLost: nothing new is admitted any more.
        """
        now = self._clock()
        tickets = [PendingImage(recipe, deadline, now) for recipe in recipes]
        with self._changed:
            self._require_open(bounded=bounded)
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

    def run_between_batches(self, job: Callable[[], T]) -> Future[T]:
        """Run `job` on the engine's thread, ahead of the next batch."""
        done: Future[T] = Future()

        def go() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(job())
                except Exception as error:
                    done.set_exception(error)  # whatever it is, the caller gets it
                    if isinstance(error, DeviceLost):
                        raise

        with self._changed:
            self._errands.append(go)
            self._changed.notify()
        return done

    def _require_open(self, *, bounded: bool) -> None:
        if self.fault is not None:
            raise EngineLost(ENGINE_ENDED, retry_after_s=RESTART_S)
        if self._stopping or (bounded and self._draining):
            raise Draining(
                "this server is shutting down: try another one, or this one again later",
                retry_after_s=self.retry_after_s(),
            )
        if bounded and self.overdue_s > self._stall_s:
            raise EngineSilent(
                f"the engine should have been done {self.overdue_s:.0f} s ago; nothing new is "
                "admitted until it answers or is restarted: try another server, or this one later",
                retry_after_s=RESTART_S,
            )

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

    def abandon(self, why: str, error: type[Refused]) -> int:
        """Tell all who wait that nothing will come, even in the batch under way; how many."""
        with self._changed:
            given_up = self._line.give_up(why, error)
            self._stopping = True
            self._changed.notify()
            running = [ticket.image for ticket in self._running]
        return given_up + sum(refuse(i, error(why, retry_after_s=RESTART_S)) for i in running)

    def ended(self, within_s: float) -> bool:
        """Whether the thread has ended, after waiting for it a while."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ the engine's thread

    def _work(self) -> None:
        try:
            while job := self._next():
                try:
                    job()
                except DeviceLost:
                    raise
                except Exception:  # a fault in the bookkeeping must not stop the engine
                    log.exception("a batch was computed but not accounted for")
                self._running = []
        except BaseException as error:  # a thread must not end unseen
            log.critical("the engine's thread has ended: %r", error, exc_info=True)
            self.fault = error
            self.abandon(ENGINE_ENDED, EngineLost)

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while True:
                self._heart.beat()
                if self._errands:
                    self._heart.beat(ERRAND_S)
                    return self._errands.popleft()
                self._line.max_batch = self._cap.size
                if batch := self._line.take(self._clock()):
                    self._running = batch
                    return lambda: self._delivery.execute(batch)
                if self._stopping:
                    return None
                self._changed.wait(HEARTBEAT_S)
