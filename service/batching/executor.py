"""One batch: computed, in halves where memory is short, and delivered to whoever waits.

Owns what becomes of each image. Runs on the engine's thread, but knows neither threads nor the
line, torch nor HTTP. That an image does not depend on its batch lets a batch be cut anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Protocol

from models.picture import Pixels
from service.batching.batch_limit import BatchSizeLimit
from service.batching.engine import DeviceLost
from service.batching.heartbeat import Heartbeat
from service.batching.predictor import WorkPredictor
from service.batching.queue import PendingImage, Rendered
from service.batching.recipe import Recipe
from service.errors import EngineFailed, MemoryTooSmall

LENIENCY = 3.0  # times its predicted duration that a batch may take before it is overdue

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


class BatchExecutor:
    """From batches to images in the hands of those who wait.

    Args:
        run: one batch of recipes of one model -> their images, in the same order.
        predictor: told how long batches take, and asked how long they may.
        heart: beats before each.
        cap: lowered when a batch did not fit into memory.
    """

    def __init__(
        self,
        run: Run,
        observer: Observer,
        predictor: WorkPredictor,
        heart: Heartbeat,
        cap: BatchSizeLimit,
    ) -> None:
        self._run = run
        self._observer = observer
        self._predictor = predictor
        self._heart = heart
        self._cap = cap

    def execute(self, batch: list[PendingImage]) -> None:
        """Give each ticket of `batch` its image, or the reason why not.

        Raises:
            DeviceLost: and no later batch will fare better.
        """
        recipes = [ticket.recipe for ticket in batch]
        began = self._heart.beat(LENIENCY * self._predictor.seconds(recipes, len(recipes)))
        try:
            images = self._run(recipes)
            if len(images) != len(recipes):
                raise RuntimeError(f"{len(recipes)} recipes gave {len(images)} images")
        except MemoryError as error:
            shortage = error
        except Exception as error:
            log.exception("the engine failed on a batch of %d", len(batch))
            self._fail(batch, error)
            if isinstance(error, DeviceLost):
                raise
            return
        else:
            self._deliver(batch, images, began)
            return
        self._retry_smaller(batch, shortage)

    def _retry_smaller(self, batch: list[PendingImage], shortage: MemoryError) -> None:
        """Again, in smaller batches; an image that does not fit alone fails alone."""
        log.warning("no memory for a batch of %d: %s", len(batch), shortage)
        if len(batch) == 1:
            self._fail(batch, shortage)
            return
        self._observer.batch_failed(shortage)
        self._cap.lower((len(batch) + 1) // 2)
        rest = batch
        while rest:  # the cap may fall further meanwhile
            part, rest = rest[: self._cap.size], rest[self._cap.size :]
            self.execute(part)

    def _deliver(self, batch: list[PendingImage], images: Sequence[Pixels], began: float) -> None:
        recipes = [ticket.recipe for ticket in batch]
        took = self._heart.age_s
        waits = [began - ticket.admitted_at for ticket in batch]
        for ticket, pixels, wait in zip(batch, images, waits, strict=True):
            with suppress(InvalidStateError):  # it was given up meanwhile
                ticket.image.set_result(Rendered(pixels, wait, took, len(batch), began))
        self._predictor.observe(recipes, took)
        self._cap.fitted(len(batch))
        self._observer.batch_done(recipes, waits, took)

    def _fail(self, batch: list[PendingImage], error: Exception) -> None:
        for ticket in batch:
            failure = _error_for(ticket, error)
            failure.__cause__ = error
            refuse(ticket.image, failure)
        self._observer.batch_failed(error)


def refuse(image: Future[Rendered], error: Exception) -> bool:
    """Tell whoever waits for `image` that it will not come; False if they had been told before."""
    try:
        image.set_exception(error)
    except InvalidStateError:
        return False
    return True


def _error_for(ticket: PendingImage, error: Exception) -> EngineFailed:
    if isinstance(error, MemoryError):
        return MemoryTooSmall(
            f"the device's memory is too small for this picture of {ticket.recipe.resolution} px, "
            "even alone: ask for a smaller resolution, or try again later"
        )
    return EngineFailed("the engine failed on this picture; the fault is logged")
