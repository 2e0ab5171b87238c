"""One batch: computed, in smaller parts where memory is short, and delivered to whoever waits.

Owns the outcome of each image and the size that a batch may have. Knows an engine by its protocol,
and neither threads nor the queue, torch nor HTTP. That an image does not depend on its batch lets a
batch be cut anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Protocol

from service.batching.engine import DeviceLost, Engine, RenderedBatch
from service.batching.predictor import WorkPredictor
from service.batching.queue import PendingImage, Rendered
from service.batching.recipe import Recipe
from service.errors import EngineFailed, EngineLost, MemoryTooSmall

LENIENCY = 3.0  # times its predicted duration that a batch may take before it is overdue
RAISE_AFTER = 100  # full batches; so at worst one batch in a hundred is computed twice

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Who wants to know of batches; called on the engine's thread."""

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """A batch was computed in `took_s`; its recipes had waited `waits_s`."""
        ...

    def batch_failed(self, error: Exception) -> None:
        """The engine raised."""
        ...


class BatchSizeLimit:
    """The largest batch worth trying: it falls at once and rises slowly, as a TCP window does.

    Args:
        most: images; as set by the operator.

    Attributes:
        size: images that a batch may hold now, 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        self.size = self._most = most
        self._full_batches = 0

    def lower(self, size: int) -> None:
        """Note that the memory was too small for more than `size` images."""
        self.size = max(1, min(self.size, size))
        self._full_batches = 0

    def succeeded(self, size: int) -> None:
        """Note a batch of `size` images; after many full ones the limit rises by one image."""
        if size < self.size or self.size == self._most:
            return
        self._full_batches += 1
        if self._full_batches == RAISE_AFTER:
            self.size += 1
            self._full_batches = 0


class BatchExecutor:
    """From batches to images in the hands of those who wait.

    Args:
        predictor: learns how long batches take, and predicts how long they may.
        limit: lowered when a batch did not fit into memory.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        engine: Engine,
        observer: Observer,
        predictor: WorkPredictor,
        limit: BatchSizeLimit,
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._observer = observer
        self._predictor = predictor
        self._limit = limit
        self._clock = clock

    def execute(self, batch: list[PendingImage], when_done: Callable[[bool], None]) -> None:
        """Give each image of `batch` its pixels, or the reason why not; returns at once.

        Args:
            batch: images of one model, claimed for computation.
            when_done: called once, when all have their outcome, with whether the engine can go on.
        """
        part, rest = batch[: self._limit.size], batch[self._limit.size :]
        recipes = [pending.recipe for pending in part]
        allowed_s = LENIENCY * self._predictor.seconds(recipes, len(recipes))
        computed = self._engine.submit(recipes, allowed_s)

        def finish(done: Future[RenderedBatch]) -> None:
            error, again = done.exception(), list[PendingImage]()
            try:
                again = self._settle(part, done)
            except Exception:  # a fault in the bookkeeping must not stop the engine
                log.exception("a batch was computed but not accounted for")
            if again or (rest and not _is_fatal(error)):
                self.execute([*again, *rest], when_done)
                return
            for pending in rest:
                refuse(pending.image, _error_for(pending, error))
            when_done(not _is_fatal(error))

        computed.add_done_callback(finish)

    def _settle(self, batch: list[PendingImage], done: Future[RenderedBatch]) -> list[PendingImage]:
        """Deliver, or refuse; returns those to be computed again."""
        error = done.exception()
        if error is None:
            self._deliver(batch, done.result())
        elif isinstance(error, MemoryError) and len(batch) > 1:
            return self._retry_smaller(batch, error)
        else:
            self._fail(batch, error)
        return []

    def _retry_smaller(
        self, batch: list[PendingImage], shortage: MemoryError
    ) -> list[PendingImage]:
        log.warning("no memory for a batch of %d: %s", len(batch), shortage)
        self._limit.lower((len(batch) + 1) // 2)
        self._observer.batch_failed(shortage)
        return batch

    def _deliver(self, batch: list[PendingImage], rendered: RenderedBatch) -> None:
        took, count = rendered.seconds, len(rendered.images)
        if count != len(batch):
            self._fail(batch, RuntimeError(f"{len(batch)} recipes gave {count} images"))
            return
        began = self._clock() - took
        recipes = [pending.recipe for pending in batch]
        waits = [max(0.0, began - pending.admitted_at) for pending in batch]
        for pending, pixels, wait in zip(batch, rendered.images, waits, strict=True):
            with suppress(InvalidStateError):  # it was given up meanwhile
                pending.image.set_result(Rendered(pixels, wait, took, len(batch), began))
        self._predictor.observe(recipes, took)
        self._limit.succeeded(len(batch))
        self._observer.batch_done(recipes, waits, took)

    def _fail(self, batch: list[PendingImage], error: BaseException) -> None:
        if not isinstance(error, EngineLost):
            log.error("the engine failed on a batch of %d", len(batch), exc_info=error)
        for pending in batch:
            refuse(pending.image, _error_for(pending, error))
        if isinstance(error, Exception) and not isinstance(error, EngineLost):
            self._observer.batch_failed(error)


def refuse(image: Future[Rendered], error: Exception) -> bool:
    """Give up an image with a reason; False if it had its outcome before."""
    try:
        image.set_exception(error)
    except InvalidStateError:
        return False
    return True


def _is_fatal(error: BaseException | None) -> bool:
    return isinstance(error, DeviceLost | EngineLost)


def _error_for(pending: PendingImage, error: BaseException | None) -> Exception:
    if isinstance(error, EngineLost):
        return EngineLost(str(error), retry_after_s=error.retry_after_s)
    failure = EngineFailed("the engine failed on this picture; the fault is logged")
    if isinstance(error, MemoryError):
        failure = MemoryTooSmall(
            "the device's memory is too small for this picture of "
            f"{pending.recipe.resolution} px, even alone: ask for a smaller resolution, or try "
            "again later"
        )
    failure.__cause__ = error
    return failure
