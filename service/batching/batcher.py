"""The batcher: gives the engine a batch from the queue whenever it is free.

Owns admission and the running batch; `executor` owns the outcome of a batch. Knows the engine only
by its protocol, and neither torch nor HTTP nor the event loop (see `waiting.py`). There is no wait
timer: while a batch is computed the queue grows, and the next batch is formed from it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from service.batching.engine import RESTART_S, Engine, engine_lost
from service.batching.executor import BatchExecutor, BatchSizeLimit, Observer, refuse
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue, PendingImage, Rendered
from service.batching.recipe import Recipe
from service.batching.requests_in_progress import RequestsInProgress
from service.errors import Draining, EngineSilent, QueueFull, Refused

MAX_RETRY_AFTER_S = 600
BULK_PATIENCE_S = 0.5  # after which a bulk batch goes, although a request is in progress


class Batcher:
    """Moves images from the queue to the engine.

    Thread-safe. If the engine is idle, the next batch starts on the thread that calls `submit`;
    otherwise on the thread that completes the previous batch.

    Args:
        clock: monotonic clock in seconds.
        stall_s: seconds a batch may be overdue before new requests are refused.

    Attributes:
        requests: requests in progress, also those whose images are computed: bulk images wait.
    """

    def __init__(
        self,
        engine: Engine,
        queue: AdmissionQueue,
        predictor: WorkPredictor,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
        stall_s: float = math.inf,
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._predictor = predictor
        self._clock = clock
        self._stall_s = stall_s
        self._limit = BatchSizeLimit(queue.max_batch)
        self._executor = BatchExecutor(engine, observer, predictor, self._limit, clock)
        self._lock = threading.RLock()  # re-entrant: `execute` may call `_finished` itself
        self._running: list[PendingImage] = []
        self._draining = self._stopping = False
        self._bulk_at = -math.inf  # clock time of the last bulk batch
        self.requests = RequestsInProgress(self._dispatch)

    # ------------------------------------------------------------------ state

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the engine's last heartbeat; grows during a batch."""
        return self._engine.status().heartbeat_age_s

    def depths(self) -> dict[str, int]:
        """Number of queued images of requests by pinned name of the model."""
        with self._lock:
            return dict(self._queue.depths())

    def queued_work_s(self) -> float:
        """Predicted seconds until no image of a request is computed or waits."""
        with self._lock:
            return self._queue.work_s() + self._running_work_s()

    def retry_after_s(self) -> int:
        """Whole seconds after which the work queued now should be done; for Retry-After."""
        return _whole_seconds(self.queued_work_s())

    def unfinished(self) -> list[Future[Rendered]]:
        """The futures of admitted images of requests without a result."""
        with self._lock:
            pending = [*self._running, *self._queue.waiting()]
        return [each.image for each in pending if not (each.is_bulk or each.image.done())]

    # ------------------------------------------------------------------ work

    def submit(
        self,
        recipes: Sequence[Recipe],
        deadline: float,
        *,
        bounded: bool = True,
        later: Sequence[Recipe] = (),
        encode_ahead_s: float = 0.0,
        encode_s: float = 0.0,
    ) -> list[PendingImage]:
        """Admit all of `recipes`, or refuse them at once.

        Args:
            recipes: recipes of one request.
            deadline: clock time in seconds.
            bounded: False for further images of an admitted request: limits are not checked.
            later: recipes of the same request that will be submitted later.
            encode_ahead_s: predicted seconds until the encoders are free.
            encode_s: predicted seconds of encoding, after the last image.

        Raises:
            QueueFull: the queue has not enough free places, or too much work is queued.
            DeadlineTooNear: the images could not all be ready before the deadline.
            Draining, EngineSilent, EngineLost: new requests are no longer admitted.
        """
        now = self._clock()
        pending = [PendingImage(recipe, deadline, now) for recipe in recipes]
        with self._lock:
            self._require_open(bounded=bounded)
            if bounded:
                queued_s = self._queue.work_s()
                ahead_s = max(queued_s + self._running_work_s(), encode_ahead_s)
                # An idle engine accepts any request, so that a wrong prediction is corrected by
                # measuring.
                if ahead_s or later:
                    whole = [*recipes, *later]
                    self._queue.require_time(whole, ahead_s, deadline - now, encode_s)
                try:
                    self._queue.require_room(recipes, queued_s)
                except QueueFull as error:
                    error.retry_after_s = _whole_seconds(ahead_s)
                    raise
            self._queue.append(pending)
            self._dispatch()
        return pending

    def submit_bulk(self, recipes: Sequence[Recipe]) -> list[PendingImage]:
        """Queue images that are computed, in short batches, while no request waits.

        They count in no limit of the admission, have no deadline, and are dropped at shutdown; the
        caller bounds their number, and cancels those that it no longer needs.

        Raises:
            Draining, EngineSilent, EngineLost: new work is no longer admitted.
        """
        now = self._clock()
        pending = [PendingImage(recipe, math.inf, now, is_bulk=True) for recipe in recipes]
        with self._lock:
            self._require_open(bounded=True)
            self._queue.append_bulk(pending)
            self._dispatch()
        return pending

    def _running_work_s(self) -> float:
        running = [p.recipe for p in self._running if not (p.is_bulk or p.image.done())]
        if not running:
            return 0.0
        predicted = self._predictor.seconds(running, self._limit.size)
        return max(0.0, predicted - self._engine.status().heartbeat_age_s)

    def _require_open(self, *, bounded: bool) -> None:
        status = self._engine.status()
        if status.fault is not None:
            raise engine_lost()
        if self._stopping or (bounded and self._draining):
            raise Draining(
                "this server is shutting down: try another one, or this one again later",
                retry_after_s=self.retry_after_s(),
            )
        if bounded and status.overdue_s > self._stall_s:
            raise EngineSilent(
                f"the engine should have been done {status.overdue_s:.0f} s ago; nothing new is "
                "admitted until it answers or is restarted: try another server, or this one later",
                retry_after_s=RESTART_S,
            )

    def _dispatch(self) -> None:
        """Start the next batch if none is running; while stopping, stop the engine instead."""
        with self._lock:
            if self._running:
                return
            self._queue.max_batch = self._limit.size
            now = self._clock()
            with_bulk = not self.requests.any or now - self._bulk_at > BULK_PATIENCE_S
            self._running = self._queue.take(now, with_bulk=with_bulk)
            if self._running:
                self._bulk_at = now if self._running[0].is_bulk else self._bulk_at
                self._executor.execute(self._running, self._finished)
            elif self._stopping:
                self._engine.stop()

    def _finished(self, can_go_on: bool) -> None:
        with self._lock:
            self._running = []
            if not can_go_on:
                self.abandon(engine_lost)
            self._dispatch()

    # ------------------------------------------------------------------ shutdown

    def stop_admitting(self) -> None:
        """Refuse new requests from now on; admitted ones are finished."""
        self._draining = True

    def stop(self) -> int:
        """Refuse all queued images and stop the engine after the running batch.

        Returns:
            The number of refused images.
        """
        why = "the server shut down before this request's turn came"
        with self._lock:
            given_up = self._queue.give_up(lambda: Draining(why, retry_after_s=RESTART_S))
            self._stopping = True
            self._dispatch()
        return given_up

    def abandon(self, error: Callable[[], Refused]) -> int:
        """Refuse all unfinished images, also of the running batch, each with a new `error()`.

        Returns:
            The number of refused images.
        """
        with self._lock:
            given_up = self._queue.give_up(error)
            self._stopping = True
            given_up += sum(refuse(each.image, error()) for each in self._running)
            self._engine.stop()
        return given_up


def _whole_seconds(seconds: float) -> int:
    return min(MAX_RETRY_AFTER_S, int(seconds) + 1)
