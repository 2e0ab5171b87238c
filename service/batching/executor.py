"""Execution of one batch: computed, in smaller parts if memory is short, and delivered.

Owns the outcome of each image and the current limit of the batch size. Knows the engine only by its
protocol, and neither threads nor the queue, torch nor HTTP. A batch may be split anywhere, because
an image does not depend on its batch.
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

LENIENCY = 3.0  # a batch is overdue after this multiple of its predicted duration
RAISE_AFTER = 100  # full batches; so at most one batch in a hundred is computed twice

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Receives the results of batches, for metrics; called on the engine's thread."""

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """Record a batch that took `took_s` seconds.

        Args:
            recipes: recipes of the batch.
            waits_s: seconds that each image of a request had waited; bulk images are left out,
                since they wait on purpose.
            took_s: duration of the batch.
        """
        ...

    def batch_failed(self, error: Exception) -> None:
        """Record an exception of the engine."""
        ...


class BatchSizeLimit:
    """Limit of the batch size: it falls at once and rises slowly, like a TCP congestion window.

    Args:
        most: largest number of images, as configured.

    Attributes:
        size: current number of images that a batch may have, 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        self.size = self._most = most
        self._full_batches = 0

    def lower(self, size: int) -> None:
        """Lower the limit: the memory was too small for more than `size` images."""
        self.size = max(1, min(self.size, size))
        self._full_batches = 0

    def succeeded(self, size: int) -> None:
        """Count a computed batch of `size` images; many full ones raise the limit by one image."""
        if size < self.size or self.size == self._most:
            return
        self._full_batches += 1
        if self._full_batches == RAISE_AFTER:
            self.size += 1
            self._full_batches = 0


class BatchExecutor:
    """Computes batches on the engine and sets the results of their images.

    Args:
        predictor: learns the duration of batches, and predicts it for the allowed time.
        limit: lowered when a batch did not fit into memory.
        clock: monotonic clock in seconds.
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
        """Compute `batch` and set the result or the error of each image; returns at once.

        Args:
            batch: images of one model, claimed for computation.
            when_done: called once, when all images have a result or an error; its argument is
                True if the engine can continue.
        """
        part, rest = batch[: self._limit.size], batch[self._limit.size :]
        recipes = [pending.recipe for pending in part]
        allowed_s = LENIENCY * self._predictor.seconds(recipes, len(recipes))
        computed = self._engine.submit(recipes, allowed_s)

        def finish(done: Future[RenderedBatch]) -> None:
            error, again = done.exception(), list[PendingImage]()
            try:
                again = self._settle(part, done)
            except Exception:  # an error in the accounting must not stop the engine
                log.exception("a batch was computed but not accounted for")
            if again or (rest and not _is_fatal(error)):
                self.execute([*again, *rest], when_done)
                return
            for pending in rest:
                refuse(pending.image, _error_for(pending, error))
            when_done(not _is_fatal(error))

        computed.add_done_callback(finish)

    def _settle(self, batch: list[PendingImage], done: Future[RenderedBatch]) -> list[PendingImage]:
        """Deliver or refuse the images; returns those that must be computed again."""
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
            with suppress(InvalidStateError):  # the image was refused during the computation
                pending.image.set_result(Rendered(pixels, wait, took, len(batch), began))
        self._predictor.observe(recipes, took)
        self._limit.succeeded(len(batch))
        told = [wait for pending, wait in zip(batch, waits, strict=True) if not pending.is_bulk]
        self._observer.batch_done(recipes, told, took)

    def _fail(self, batch: list[PendingImage], error: BaseException) -> None:
        if not isinstance(error, EngineLost):
            log.error("the engine failed on a batch of %d", len(batch), exc_info=error)
        for pending in batch:
            refuse(pending.image, _error_for(pending, error))
        if isinstance(error, Exception) and not isinstance(error, EngineLost):
            self._observer.batch_failed(error)


def refuse(image: Future[Rendered], error: Exception) -> bool:
    """Set the error of an image; False if it already had a result or an error."""
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
