"""The life of the service: loading, ready, draining; and all its parts.

Owns the composition and the phases. Loading runs on the engine's thread, so that the health routes
answer from the first moment. Knows torch only behind `open_engine`, which imports it late.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from models.picture import Pixels
from service.access.keys import KeyRing
from service.access.rate import RateLimit
from service.batching.batcher import Batcher
from service.batching.engine import ModelInfo
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue
from service.batching.recipe import Recipe
from service.batching.waiting import drain
from service.errors import NotReady
from service.operations.engine_health import EngineHealth
from service.operations.metrics import Metrics
from service.pipeline import ImagePipeline
from service.registry.background_thread import BackgroundThread
from service.registry.catalogue import Catalogue
from service.registry.registry import ModelRegistry
from service.registry.reloader import Parts, Reloader, ReloadingEngine
from service.registry.watcher import Fingerprint, read_fingerprints
from service.settings import Settings

LOADING_RETRY_S = 2

log = logging.getLogger(__name__)


class Engine(ReloadingEngine, Protocol):
    """What the service asks of an engine."""

    @property
    def origins(self) -> Mapping[str, str]:
        """The pinned name of the model that each folder gave at start."""
        ...

    @property
    def refused(self) -> Mapping[str, str]:
        """Why a bundle was not taken up at start, by the name of its folder."""
        ...

    def served(self) -> Sequence[ModelInfo]:
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
        precision=settings.precision,
    )


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ServiceRuntime:
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
        line = AdmissionQueue(
            capacity=settings.queue_capacity,
            max_queued_s=settings.queue_work_s,
            max_batch=settings.max_batch,
            max_work_s=settings.batch_work_s,
            predictor=self._predictor,
        )
        self.batcher = Batcher(
            self._render, line, self._predictor, self.metrics, stall_s=settings.stall_s
        )
        self.engine_health = EngineHealth(
            self.batcher, self.metrics, stall_s=settings.stall_s, hang_s=settings.hang_s
        )
        self.registry = ModelRegistry(
            settings.bundles, settings.default_model, settings.retired_model_s
        )
        self.pipeline = ImagePipeline(
            settings, self.batcher, self.metrics, available_cores(), using=self.registry.using
        )
        self.metrics.watch(self.batcher)
        self.draining = False
        self._engine: Engine | None = None
        self._catalogue: Catalogue | None = None
        self._not_ready = NotReady("the models are still loading", retry_after_s=LOADING_RETRY_S)
        self._loading: asyncio.Task[None] | None = None
        self._background_thread = BackgroundThread()
        self._reloading: Reloader | None = None
        self._watching: asyncio.Task[None] | None = None

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
        if not self._catalogue.models and not self._catalogue.retiring:
            self._catalogue.require_default()
        return self._catalogue

    def require_ready(self) -> Catalogue:
        """What is served, if requests should come here.

        Raises:
            NotReady: they should not, and why.
        """
        if self.draining:
            raise NotReady("this server is shutting down")
        self.engine_health.require_ready()
        self.catalogue.require_default()
        return self.catalogue

    def require_alive(self) -> None:
        """Nothing, if the process can do its work.

        Raises:
            NotReady: the engine has ended or hangs, and only a restart helps.
        """
        self.engine_health.require_alive()

    # ------------------------------------------------------------------ its life

    def start(self) -> None:
        """Start the engine's thread and let it load; returns at once."""
        self.batcher.start()
        self._loading = asyncio.get_running_loop().create_task(self._load())

    def look_for_models(self) -> None:
        """Read the folder of bundles again, now."""
        log.info("asked to read %s again", self.settings.bundles)
        if self._reloading is not None:
            self._reloading.look_now()

    def announce_drain(self) -> None:
        """Be not ready from now on, so that balancers look elsewhere; requests are still served."""
        if not self.draining:
            self.draining = True
            if self._watching is not None:
                self._watching.cancel()
            log.info("draining: %.1f s of work are queued", self.batcher.queued_work_s())

    def begin_drain(self) -> None:
        """Admit nothing new; what was admitted goes on."""
        self.announce_drain()
        self.batcher.stop_admitting()

    async def stop(self) -> None:
        """Finish what was admitted, up to the limit, and end."""
        self.begin_drain()
        if self._loading is not None:
            self._loading.cancel()
        if given_up := await drain(self.batcher, self.settings.drain_limit_s):
            log.warning("%d images were given up at shutdown", given_up)
        self.pipeline.close()

    def _render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        if self._engine is None:
            raise NotReady("the models are still loading")
        return self._engine.render(recipes)

    def ended(self, within_s: float) -> bool:
        """Whether no thread computes any more, after waiting for them a while."""
        return self.batcher.ended(within_s) and self._background_thread.ended(within_s)

    async def _load(self) -> None:
        try:
            engine, seen = await asyncio.wrap_future(
                self.batcher.run_between_batches(self._look_and_open)
            )
        except Exception as error:
            log.exception("the engine could not start")
            self._not_ready = NotReady(f"the engine could not start: {error}")
            return
        self._engine = engine
        served = {model.pinned_name: model for model in engine.served()}
        for folder, pinned in engine.origins.items():
            self.registry.place(folder, served[pinned], time.monotonic())
        for folder, reason in engine.refused.items():
            self.registry.refuse(folder, reason)
        self._publish()
        forget = self._predictor.forget
        parts = Parts(
            engine, self.batcher, self.registry, self._background_thread, self._publish, forget
        )
        self._reloading = Reloader(self.settings, parts, seen)
        self._watching = asyncio.get_running_loop().create_task(self._reloading.run())

    def _look_and_open(self) -> tuple[Engine, Mapping[str, Fingerprint]]:
        try:
            seen = read_fingerprints(self.settings.bundles)
        except OSError:  # the next look says so
            seen: Mapping[str, Fingerprint] = {}
        return self._open_engine(self.settings, self._predictor.observe), seen

    def _publish(self) -> None:
        before, now = self._catalogue, self.registry.catalogue()
        if now == before:
            return
        self._catalogue = now
        self.metrics.loaded(now)
        if now.default is None and (
            before is None or now.no_default_reason != before.no_default_reason
        ):
            log.error("not ready: %s", now.no_default_reason)
        elif now.default is not None and (before is None or now.default != before.default):
            log.info("ready with %s; the default is %s", ", ".join(now.models), now.default)
