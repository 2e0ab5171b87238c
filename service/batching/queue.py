"""The admission queue: bounded, in arrival order over all models, and bulk work behind it.

Owns the queued images and the choice of the next batch, which has one model. Images of requests
come first; bulk images, those of data sets, are computed in short batches while no request waits.
Knows neither threads nor the engine nor HTTP; the time is passed as an argument.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from models.picture import Pixels
from service.batching.predictor import WorkPredictor
from service.batching.recipe import Recipe
from service.errors import DeadlinePassed, DeadlineTooNear, QueueFull, Refused

MAX_BULK_S = 0.004  # predicted; a single image may take longer


@dataclass(frozen=True, slots=True)
class Rendered:
    """One image and its timing.

    Attributes:
        pixels: uint8 or uint16 `[H, W, C]`.
        queue_s: seconds from admission to the start of its batch.
        generate_s: duration of its batch in seconds.
        batch_size: number of images in that batch.
        began_at: clock time in seconds at which that batch began.
    """

    pixels: Pixels
    queue_s: float
    generate_s: float
    batch_size: int
    began_at: float = 0.0


@dataclass(eq=False, slots=True)
class PendingImage:
    """One recipe in the queue.

    Attributes:
        deadline: clock time in seconds after which the image is no longer needed.
        admitted_at: clock time of the admission in seconds.
        is_bulk: True for an image of the lower priority.
        image: future of the result; cancelled when the request no longer waits for it.
    """

    recipe: Recipe
    deadline: float
    admitted_at: float
    is_bulk: bool = False
    image: Future[Rendered] = field(default_factory=Future[Rendered])


class AdmissionQueue:
    """The bounded queue in front of the engine.

    Args:
        capacity: maximum number of queued images.
        max_queued_s: maximum predicted seconds of queued work; not applied to an empty queue.
        max_batch: maximum number of images in a batch; may be changed between batches.
        max_work_s: maximum predicted seconds of a batch; not applied to its first image.
        max_bulk_s: the same for a batch of bulk images: a request waits for it at most that long.
    """

    def __init__(
        self,
        *,
        capacity: int,
        max_batch: int,
        max_work_s: float,
        predictor: WorkPredictor,
        max_queued_s: float = math.inf,
        max_bulk_s: float = MAX_BULK_S,
    ) -> None:
        self.capacity = capacity
        self._max_queued_s = max_queued_s
        self.max_batch = max_batch
        self._max_work_s = max_work_s
        self._max_bulk_s = max_bulk_s
        self._predictor = predictor
        self._pending: deque[PendingImage] = deque()
        self._bulk: deque[PendingImage] = deque()

    def waiting(self) -> list[PendingImage]:
        """Queued images of requests that are not cancelled, in order of arrival."""
        return [pending for pending in self._pending if not pending.image.done()]

    def depths(self) -> Counter[str]:
        """Number of queued images of requests by model."""
        return Counter(pending.recipe.model for pending in self.waiting())

    def work_s(self) -> float:
        """Predicted seconds until no request waits."""
        waiting = (pending.recipe for pending in self.waiting())
        return self._predictor.seconds(waiting, self.max_batch)

    def append(self, pending: Sequence[PendingImage]) -> None:
        """Add images without checking the limits."""
        self._pending.extend(pending)

    def append_bulk(self, pending: Sequence[PendingImage]) -> None:
        """Add images of the lower priority, which count in no limit; their number is the caller's.

        Only a batch without any image of a request computes them.
        """
        self._bulk.extend(pending)

    def require_room(self, recipes: Sequence[Recipe], queued_s: float) -> None:
        """Refuse a request that exceeds the limits of the queue.

        Args:
            recipes: recipes of the request.
            queued_s: predicted seconds of queued work, as returned by `work_s`.

        Raises:
            QueueFull: there are not enough free places, or too much work is queued.
        """
        needed = len(recipes)
        if len(self._pending) + needed > self.capacity:
            self._pending = deque(self.waiting())
        if len(self._pending) + needed > self.capacity:
            raise QueueFull(
                f"{len(self._pending)} of {self.capacity} places in the queue are taken, "
                f"{needed} are needed"
            )
        own_s = self._predictor.seconds(recipes, self.max_batch)
        if queued_s and queued_s + own_s > self._max_queued_s:
            raise QueueFull(
                f"about {queued_s:.1f} s of work are queued, this request would add {own_s:.1f} s, "
                f"and {self._max_queued_s:g} s may be queued"
            )

    def require_time(
        self,
        recipes: Sequence[Recipe],
        ahead_s: float,
        timeout_s: float,
        encode_s: float = 0.0,
    ) -> None:
        """Refuse a request that would be answered too late.

        Args:
            recipes: recipes of the request.
            ahead_s: predicted seconds of other work before it.
            timeout_s: maximum seconds until the answer.
            encode_s: predicted seconds of encoding its images.

        Raises:
            DeadlineTooNear: with the predicted seconds, and a Retry-After if a retry may succeed.
        """
        own_s = self._predictor.seconds(recipes, self.max_batch) + encode_s
        late_s = ahead_s + own_s - timeout_s
        if late_s <= 0:
            return
        mendable = own_s <= timeout_s  # by a retry when less work is queued
        raise DeadlineTooNear(
            f"the answer would take about {ahead_s + own_s:.1f} s, {ahead_s:.1f} s of it for what "
            f"is queued before it, and may take {timeout_s:.3g} s: "
            + ("try again later" if mendable else "ask for fewer or smaller pictures"),
            retry_after_s=int(late_s) + 1 if mendable else None,
            predicted_s=round(ahead_s + own_s, 3),
        )

    def take(self, now: float, *, with_bulk: bool = True) -> list[PendingImage]:
        """Remove and return the next batch: the oldest image, and others of its model that fit.

        Cancelled images and images whose deadline has passed are removed without being computed.
        The oldest image is in every batch, so no request starves. Bulk images are taken if no
        request waits, and `with_bulk` allows it.
        """
        batch = self._filled(self._pending, now, self._max_work_s)
        return batch or (self._filled(self._bulk, now, self._max_bulk_s) if with_bulk else [])

    def give_up(self, error: Callable[[], Refused]) -> int:
        """Refuse all queued images, each with a new `error()`; returns their number."""
        queued = [*self._pending, *self._bulk]
        refused = [each for each in queued if each.image.set_running_or_notify_cancel()]
        self._pending.clear()
        self._bulk.clear()
        for pending in refused:
            pending.image.set_exception(error())
        return len(refused)

    def _filled(
        self, queued: deque[PendingImage], now: float, max_work_s: float
    ) -> list[PendingImage]:
        """Remove and return a batch from the front of `queued`; the others keep their order."""
        batch: list[PendingImage] = []
        staying: list[PendingImage] = []
        work = 0.0
        while queued and len(batch) < self.max_batch:
            pending = queued.popleft()
            if batch and not self._goes_along(pending, batch[0], work, max_work_s):
                staying.append(pending)
            elif _claim(pending, now):
                batch.append(pending)
                work += self._predictor.image_seconds(pending.recipe)
        queued.extendleft(reversed(staying))
        return batch

    def _goes_along(
        self, pending: PendingImage, head: PendingImage, work: float, max_work_s: float
    ) -> bool:
        if pending.recipe.model != head.recipe.model:
            return False
        return work + self._predictor.image_seconds(pending.recipe) <= max_work_s


def _claim(pending: PendingImage, now: float) -> bool:
    """Claim an image for computation; False if it is cancelled or its deadline has passed."""
    if not pending.image.set_running_or_notify_cancel():
        return False
    if pending.deadline > now:
        return True
    pending.image.set_exception(DeadlinePassed("the deadline passed while the request waited"))
    return False
