"""The interface between HTTP, files and encoding on one side, and queue and engines on the other.

Owns the protocol `Renderer` and the numbers that it tells. Knows neither HTTP nor engines: behind
the protocol stand one engine in this process, or processes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.requests_in_progress import RequestsInProgress
from service.batching.waiting import NOTHING, Encoding
from service.errors import Refused
from service.registry.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class RendererLoad:
    """The work of a renderer at one moment.

    Attributes:
        queued_images: number of images of requests that wait for a batch.
        queued_s: predicted seconds until no image of a request is computed or waits.
        images_per_s: mean number of computed images in a second, over the last minute.
    """

    queued_images: int
    queued_s: float
    images_per_s: float


class Renderer(Protocol):
    """Renders recipes of the models that it has loaded. All calls come from the event loop.

    Attributes:
        requests: requests of this process in progress, for which bulk work stands aside.
    """

    requests: RequestsInProgress

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be rendered now.

        Raises:
            NotReady: there is none; the message states the reason.
        """
        ...

    def load(self) -> RendererLoad:
        """The present work."""
        ...

    def retry_after_s(self) -> int:
        """Whole seconds after which the work queued now should be done; for Retry-After."""
        ...

    def require_ready(self) -> None:
        """Raise `NotReady` unless requests should be sent here; the message states the reason."""
        ...

    def require_alive(self) -> None:
        """Raise `NotReady` if only a restart of this process helps."""
        ...

    async def render(
        self,
        recipes: Sequence[Recipe],
        timeout_s: float,
        *,
        window: int | None = None,
        encode: Encoding = NOTHING,
    ) -> list[Rendered]:
        """The images of one request, admitted together or refused at once.

        Args:
            recipes: recipes of one model.
            timeout_s: maximum seconds of waiting and computing together.
            window: maximum number of unfinished recipes in the queue; None for all of them.
            encode: encoding that follows and must end within `timeout_s`, too.

        Raises:
            NotReady: the model has just been unloaded.
            QueueFull, DeadlineTooNear, Draining, EngineSilent, EngineLost: refused at once.
            DeadlinePassed: not all images were ready in time.
            EngineFailed: the engine raised an exception.
        """
        ...

    async def render_bulk(self, recipes: Sequence[Recipe]) -> list[Rendered]:
        """The images of `recipes` at the lower priority, without a deadline.

        Raises:
            Draining, EngineSilent, EngineLost: refused, at once or later.
            EngineFailed: the engine raised an exception.
        """
        ...

    def using(self, pinned: str) -> AbstractContextManager[None]:
        """Keep a model loaded until the end of the block.

        Raises:
            NotReady: the model has just been unloaded; a retry resolves its name again.
        """
        ...

    # ------------------------------------------------------------------ phases

    def start(self) -> None:
        """Begin to load all models; returns at once."""
        ...

    def look_for_models(self) -> None:
        """Start a scan of the folders of bundles that reads every bundle."""
        ...

    def must_end(self) -> bool:
        """Log a change of the engine's health; True if this process must end because of it."""
        ...

    def stop_reloading(self) -> None:
        """Look for changed bundles no longer."""
        ...

    def stop_admitting(self) -> None:
        """Refuse new requests from now on; admitted ones are finished."""
        ...

    def abandon(self, error: Callable[[], Refused]) -> int:
        """Refuse all unfinished images, each with a new `error()`; returns their number."""
        ...

    async def stop(self, limit_s: float) -> int:
        """Finish admitted images within `limit_s` seconds, and end.

        Returns:
            The number of admitted images that were refused.
        """
        ...

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for each kind of thread; True if none is running."""
        ...
