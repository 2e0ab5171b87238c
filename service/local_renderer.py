"""The renderer within this process: one engine, its queue, its models and its health.

Owns the composition of these parts, and the order of loading: models are loaded on the engine's
thread, so that health is told from the start. Knows neither torch nor HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

from service.batching.batcher import Batcher
from service.batching.engine import Engine, ModelInfo
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue, Rendered
from service.batching.recipe import Recipe
from service.batching.waiting import NOTHING, Encoding, drain, wait_for_bulk, wait_for_images
from service.errors import NotReady, Refused
from service.operations.engine_health import EngineHealth
from service.operations.metrics import RECENT_PICTURES, Metrics
from service.registry.background_thread import BackgroundThread
from service.registry.catalogue import Catalogue
from service.registry.registry import ModelRegistry
from service.registry.reloader import Reloader, ReloadParts
from service.rendering.renderer import RendererLoad
from service.settings import Settings

LOADING_RETRY_S = 2

log = logging.getLogger(__name__)


class LocalRenderer:
    """Implements `service.rendering.renderer.Renderer` with an engine of this process.

    Args:
        open_engine: creates the engine, which is started later.
        metrics: receives the results of batches, and the models.
        settle: called when the models have been loaded at the start, and when one was unloaded.
        approve: called before a loaded model is served; may raise `BundleRefused`.
    """

    def __init__(
        self,
        settings: Settings,
        open_engine: Callable[[Settings, BackgroundThread], Engine],
        metrics: Metrics,
        settle: Callable[[], None] = lambda: None,
        approve: Callable[[ModelInfo], Awaitable[None]] | None = None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._settle = settle
        self._approve = approve
        self._background = BackgroundThread()
        self.engine = open_engine(settings, self._background)
        self.predictor = WorkPredictor()
        queue = AdmissionQueue(
            capacity=settings.queue_capacity,
            max_queued_s=settings.queue_work_s,
            max_batch=settings.max_batch,
            max_work_s=settings.batch_work_s,
            predictor=self.predictor,
        )
        self.batcher = Batcher(
            self.engine, queue, self.predictor, metrics, stall_s=settings.stall_s
        )
        self.requests = self.batcher.requests
        self.engine_health = EngineHealth(
            self.engine, metrics, stall_s=settings.stall_s, hang_s=settings.hang_s
        )
        self.registry = ModelRegistry(
            settings.bundles, settings.default_model, settings.retired_model_s
        )
        self.reloader = self._create_reloader()
        metrics.watch(self.batcher)
        self._not_ready: NotReady | None = NotReady(
            "the models are still loading", retry_after_s=LOADING_RETRY_S
        )
        self._published: Catalogue | None = None
        self._life: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ state

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be rendered now; raises `NotReady` if there is none."""
        if (error := self._not_ready) is not None:
            raise NotReady(str(error), retry_after_s=error.retry_after_s, **error.members)
        catalogue = self.registry.catalogue
        if not catalogue.models and not catalogue.retiring:
            catalogue.require_default()
        return catalogue

    @property
    def is_loading(self) -> bool:
        """True until all bundles have been read, and for good if the engine could not start."""
        return self._not_ready is not None

    def load(self) -> RendererLoad:
        """The present work."""
        return RendererLoad(
            sum(self.batcher.depths().values()),
            self.batcher.queued_work_s(),
            self._metrics.recent_pictures.per_second(RECENT_PICTURES),
        )

    def retry_after_s(self) -> int:
        """Whole seconds after which the work queued now should be done."""
        return self.batcher.retry_after_s()

    def require_ready(self) -> None:
        """Raise `NotReady` if the engine is overdue or has ended, or no model can be rendered."""
        self.engine_health.require_ready()
        self.catalogue.require_default()

    def require_alive(self) -> None:
        """Raise `NotReady` if the engine has ended or hangs, and only a restart helps."""
        self.engine_health.require_alive()

    # ------------------------------------------------------------------ work

    async def render(
        self,
        recipes: Sequence[Recipe],
        timeout_s: float,
        *,
        window: int | None = None,
        encode: Encoding = NOTHING,
    ) -> list[Rendered]:
        """The images of one request, admitted together or refused at once."""
        with self.using(recipes[0].model):
            return await wait_for_images(
                self.batcher, recipes, timeout_s, window=window, encode=encode
            )

    async def render_bulk(self, recipes: Sequence[Recipe]) -> list[Rendered]:
        """The images of `recipes` at the lower priority, without a deadline."""
        return await wait_for_bulk(self.batcher, recipes)

    def using(self, pinned: str) -> AbstractContextManager[None]:
        """Keep a model loaded until the end of the block."""
        return self.registry.using(pinned)

    # ------------------------------------------------------------------ phases

    def start(self) -> None:
        """Start the engine and load all bundles; returns at once."""
        self._life = asyncio.get_running_loop().create_task(self._load_and_watch())

    def look_for_models(self) -> None:
        """Start a scan of the folders of bundles that reads every bundle."""
        log.info("asked to read %s again", ", ".join(map(str, self._settings.bundles)))
        self.reloader.look_now()

    def must_end(self) -> bool:
        """Log a change of the engine's health; True if this process must end because of it."""
        return self.engine_health.check()

    def stop_reloading(self) -> None:
        """Look for changed bundles no longer."""
        if self._life is not None:
            self._life.cancel()

    def stop_admitting(self) -> None:
        """Refuse new requests from now on; admitted ones are finished."""
        self.batcher.stop_admitting()

    def abandon(self, error: Callable[[], Refused]) -> int:
        """Refuse all unfinished images, each with a new `error()`; returns their number."""
        return self.batcher.abandon(error)

    async def stop(self, limit_s: float) -> int:
        """Finish admitted images within `limit_s` seconds, and stop the engine."""
        return await drain(self.batcher, limit_s)

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for each kind of thread; True if none is running."""
        return self.engine.ended(within_s) and self._background.ended(within_s)

    # ------------------------------------------------------------------ loading

    def _create_reloader(self) -> Reloader:
        return Reloader(
            self._settings.bundles,
            ReloadParts(
                self.engine,
                self.registry,
                self.predictor,
                self._background,
                self.batcher.depths,
                self._publish,
                self._settle,
                self._approve,
            ),
            poll_s=self._settings.bundles_poll_s,
            grace_s=self._settings.retired_model_s,
        )

    async def _load_and_watch(self) -> None:
        try:
            await asyncio.wrap_future(self.engine.start())
            await self.reloader.load_all()
        except Exception as error:
            log.exception("the engine could not start")
            self._not_ready = NotReady(f"the engine could not start: {error}")
            return
        finally:
            self._settle()
        self._not_ready = None
        self._publish()
        await self.reloader.run()

    def _publish(self) -> None:
        """Report a changed catalogue to the metrics and the log, once it is served."""
        before, now = self._published, self.registry.catalogue
        if self._not_ready is not None or now == before:
            return
        self._published = now
        self._metrics.loaded(now)
        if now.default is None and (
            before is None or now.no_default_reason != before.no_default_reason
        ):
            log.error("not ready: %s", now.no_default_reason)
        elif now.default is not None and (before is None or now.default != before.default):
            log.info("ready with %s; the default is %s", ", ".join(now.models), now.default)
