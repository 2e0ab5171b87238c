"""The life of the service: loading, ready, draining; and all its parts.

Owns the composition and the phases. Loading runs on the engine's thread, so that the health routes
answer from the first moment. Knows torch only behind `open_engine`, which imports it late.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from service.awaiting import drain
from service.batching import Batcher
from service.catalogue import Catalogue, Served, default_of
from service.errors import NotReady
from service.keys import KeyRing
from service.metrics import Metrics
from service.picture import Pixels
from service.prediction import WorkPredictor
from service.queueing import WaitingLine
from service.rate import RateLimit
from service.recipe import Recipe
from service.settings import Settings
from service.studio import Studio

LOADING_RETRY_S = 2

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What the service asks of an engine."""

    @property
    def refused(self) -> Mapping[str, str]:
        """Why a bundle is not served, by the name of its folder."""
        ...

    def served(self) -> Sequence[Served]:
        """The models that can be rendered."""
        ...

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch of one model."""
        ...


Learn = Callable[[Sequence[Recipe], float], None]
OpenEngine = Callable[[Settings, Learn], Engine]


def open_torch_engine(settings: Settings, learn: Learn) -> Engine:
    """Load and prove the bundles; called on the engine's thread."""
    from service.engine import open_engine  # noqa: PLC0415 - importing torch takes seconds

    return open_engine(
        settings.bundles,
        device=settings.device,
        threads=settings.threads or available_cores(),
        max_batch=settings.max_batch,
        learn=learn,
    )


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Serving:
    """All parts of one running service.

    Args:
        open_engine: makes the engine; called once, on the engine's thread.
    """

    def __init__(self, settings: Settings, open_engine: OpenEngine = open_torch_engine) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.keys = KeyRing(settings.api_keys)
        self.rate = RateLimit(settings.rate_limit) if settings.rate_limit else None
        self._open_engine = open_engine
        self._predictor = WorkPredictor()
        line = WaitingLine(
            capacity=settings.queue_capacity,
            max_queued_s=settings.queue_work_s,
            max_batch=settings.max_batch,
            max_work_s=settings.batch_work_s,
            predictor=self._predictor,
        )
        self.batcher = Batcher(self._render, line, self._predictor, self.metrics)
        self.studio = Studio(settings, self.batcher, self.metrics, available_cores())
        self.metrics.watch(self.batcher)
        self.draining = False
        self._engine: Engine | None = None
        self._catalogue: Catalogue | None = None
        self._not_ready = NotReady("the models are still loading", retry_after_s=LOADING_RETRY_S)
        self._loading: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ what routes ask

    @property
    def catalogue(self) -> Catalogue:
        """What can be served.

        Raises:
            NotReady: nothing can, and why.
        """
        if self._catalogue is None:
            error = self._not_ready
            raise NotReady(str(error), retry_after_s=error.retry_after_s, **error.members)
        return self._catalogue

    def require_ready(self) -> Catalogue:
        """What is served, if requests should come here.

        Raises:
            NotReady: they should not, and why.
        """
        if self.draining:
            raise NotReady("this server is shutting down")
        self.require_alive()
        return self.catalogue

    def require_alive(self) -> None:
        """Nothing, if the process can do its work.

        Raises:
            NotReady: the engine's thread has ended, and only a restart helps.
        """
        if not self.batcher.alive:
            raise NotReady("the engine's thread has ended: restart the service")

    # ------------------------------------------------------------------ its life

    def start(self) -> None:
        """Start the engine's thread and let it load; returns at once."""
        self.batcher.start()
        self._loading = asyncio.get_running_loop().create_task(self._load())

    def begin_drain(self) -> None:
        """Say 'not ready' and admit nothing new; what was admitted goes on."""
        if not self.draining:
            self.draining = True
            self.batcher.stop_admitting()
            log.info("draining: %.1f s of work are queued", self.batcher.queued_work_s())

    async def stop(self) -> None:
        """Finish what was admitted, up to the limit, and end."""
        self.begin_drain()
        if self._loading is not None:
            self._loading.cancel()
        if given_up := await drain(self.batcher, self.settings.drain_limit_s):
            log.warning("%d images were given up at shutdown", given_up)
        self.studio.close()

    def _render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        if self._engine is None:
            raise NotReady("the models are still loading")
        return self._engine.render(recipes)

    async def _load(self) -> None:
        learn = self._predictor.observe
        try:
            errand = self.batcher.errand(lambda: self._open_engine(self.settings, learn))
            engine = await asyncio.wrap_future(errand)
        except Exception as error:
            log.exception("the engine could not start")
            self._not_ready = NotReady(f"the engine could not start: {error}")
            return
        self._engine = engine
        served = {model.card.name: model for model in engine.served()}
        default = default_of([model.card for model in served.values()], self.settings.default_model)
        if default is None:
            self._not_ready = self._nothing_to_serve(sorted(served), engine.refused)
            log.error("not ready: %s", self._not_ready)
            return
        self._catalogue = Catalogue(served, engine.refused, default)
        self.metrics.loaded(self._catalogue)
        log.info("ready with %s; the default is %s", ", ".join(sorted(served)), default)

    def _nothing_to_serve(self, loaded: list[str], refused: Mapping[str, str]) -> NotReady:
        folder = self.settings.bundles
        if loaded:
            wanted = self.settings.default_model
            why = f"PROGAN_DEFAULT_MODEL is {wanted!r}, loaded are {', '.join(loaded)}"
        elif refused:
            why = f"every bundle in {folder} was refused: " + "; ".join(refused.values())
        else:
            why = f"there is no bundle in {folder}: set PROGAN_BUNDLES to a folder that holds some"
        return NotReady(why, refused=dict(refused))
