"""Who waits, and who is in the next batch.

Owns the waiting line: bounded, in arrival order over all models, a batch of one model at a time.
Knows neither threads nor the engine nor HTTP, and takes the time as an argument.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from models.picture import Pixels
from service.batching.predictor import WorkPredictor
from service.batching.recipe import Recipe
from service.errors import DeadlinePassed, DeadlineTooNear, Draining, QueueFull, Refused

RESTART_S = 10  # after which whoever was given up may try again


@dataclass(frozen=True, slots=True)
class Rendered:
    """One image and how it came about.

    Attributes:
        pixels: uint8 `[H, W, C]`.
        queue_s: seconds from admission to the start of its batch.
        generate_s: seconds its batch took.
        batch_size: images in that batch.
        began_at: the clock's time in seconds at which that batch began.
    """

    pixels: Pixels
    queue_s: float
    generate_s: float
    batch_size: int
    began_at: float = 0.0


@dataclass(eq=False, slots=True)
class PendingImage:
    """One recipe in the line.

    Attributes:
        deadline: the clock's time in seconds after which nobody wants the image any more.
        admitted_at: the clock's time in seconds.
        image: what the waiter holds; cancelled when the waiter has gone.
    """

    recipe: Recipe
    deadline: float
    admitted_at: float
    image: Future[Rendered] = field(default_factory=Future[Rendered])


class AdmissionQueue:
    """The bounded line in front of the engine.

    Args:
        capacity: images that may wait.
        max_queued_s: predicted seconds of work that may wait; one request always may.
        max_batch: images in a batch; may be changed between batches.
        max_work_s: predicted seconds of a batch; one image always goes, whatever it takes.
    """

    def __init__(
        self,
        *,
        capacity: int,
        max_batch: int,
        max_work_s: float,
        predictor: WorkPredictor,
        max_queued_s: float = math.inf,
    ) -> None:
        self.capacity = capacity
        self._max_queued_s = max_queued_s
        self.max_batch = max_batch
        self._max_work_s = max_work_s
        self._predictor = predictor
        self._tickets: deque[PendingImage] = deque()

    def waiting(self) -> list[PendingImage]:
        """Everyone still wanted, in order of arrival."""
        return [ticket for ticket in self._tickets if not ticket.image.done()]

    def depths(self) -> Counter[str]:
        """How many images wait, by model."""
        return Counter(ticket.recipe.model for ticket in self.waiting())

    def work_s(self) -> float:
        """Predicted seconds until the line is empty."""
        waiting = (ticket.recipe for ticket in self.waiting())
        return self._predictor.seconds(waiting, self.max_batch)

    def admit(self, tickets: Sequence[PendingImage], *, bounded: bool = True) -> None:
        """Let all of `tickets` in, or none.

        Args:
            tickets: of one request.
            bounded: False for work that has had its places since before, as the later frames of a
                walk that is already under way.

        Raises:
            QueueFull: there is no room for all of them, or too much work waits.
        """
        if bounded:
            self._require_places(len(tickets))
            self._require_work([ticket.recipe for ticket in tickets])
        self._tickets.extend(tickets)

    def require_time(self, recipes: Sequence[Recipe], ahead_s: float, patience_s: float) -> None:
        """Refuse `recipes` that would be done too late after `ahead_s` of other work.

        Raises:
            DeadlineTooNear: with the predicted seconds, and when it could be met.
        """
        own_s = self._predictor.seconds(recipes, self.max_batch)
        late_s = ahead_s + own_s - patience_s
        if late_s <= 0:
            return
        mendable = own_s <= patience_s  # by waiting until less is queued
        raise DeadlineTooNear(
            f"the answer would take about {ahead_s + own_s:.1f} s, {ahead_s:.1f} s of it for what "
            f"is queued before it, and may take {patience_s:.3g} s: "
            + ("try again later" if mendable else "ask for fewer or smaller pictures"),
            retry_after_s=int(late_s) + 1 if mendable else None,
            predicted_s=round(ahead_s + own_s, 3),
        )

    def take(self, now: float) -> list[PendingImage]:
        """The next batch: whoever has waited longest, and those who can go along.

        Tickets whose waiter has gone or whose deadline has passed leave the line uncomputed. The
        head of the line is in every batch, so nobody starves.
        """
        batch: list[PendingImage] = []
        staying: list[PendingImage] = []
        work = 0.0
        while self._tickets and len(batch) < self.max_batch:
            ticket = self._tickets.popleft()
            if batch and not self._goes_along(ticket, batch[0], work):
                staying.append(ticket)
            elif _still_wanted(ticket, now):
                batch.append(ticket)
                work += self._predictor.image_seconds(ticket.recipe)
        self._tickets.extendleft(reversed(staying))
        return batch

    def give_up(self, why: str, error: type[Refused] = Draining) -> int:
        """Refuse everyone who still waits; returns how many."""
        refused = [t for t in self._tickets if t.image.set_running_or_notify_cancel()]
        self._tickets.clear()
        for ticket in refused:
            ticket.image.set_exception(error(why, retry_after_s=RESTART_S))
        return len(refused)

    def _require_places(self, needed: int) -> None:
        if len(self._tickets) + needed > self.capacity:
            self._tickets = deque(self.waiting())
        if len(self._tickets) + needed > self.capacity:
            raise QueueFull(
                f"{len(self._tickets)} of {self.capacity} places in the queue are taken, "
                f"{needed} are needed"
            )

    def _require_work(self, recipes: Sequence[Recipe]) -> None:
        queued_s = self.work_s()
        own_s = self._predictor.seconds(recipes, self.max_batch)
        if queued_s and queued_s + own_s > self._max_queued_s:
            raise QueueFull(
                f"about {queued_s:.1f} s of work are queued, this request would add {own_s:.1f} s, "
                f"and {self._max_queued_s:g} s may be queued"
            )

    def _goes_along(self, ticket: PendingImage, head: PendingImage, work: float) -> bool:
        if ticket.recipe.model != head.recipe.model:
            return False
        return work + self._predictor.image_seconds(ticket.recipe) <= self._max_work_s


def _still_wanted(ticket: PendingImage, now: float) -> bool:
    """Claim a ticket for computation; False for one that is cancelled or too late."""
    if not ticket.image.set_running_or_notify_cancel():
        return False
    if ticket.deadline > now:
        return True
    ticket.image.set_exception(DeadlinePassed("the deadline passed while the request waited"))
    return False
