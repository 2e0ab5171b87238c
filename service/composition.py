"""The composition of the service and its phases: loading, ready, draining.

Owns the composition and the phases. Models are loaded on the engine's thread, so that the health
routes answer from the start. Knows no torch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from service.access.keys import KeyRing
from service.access.rate import RateLimit
from service.batching.batcher import Batcher
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue
from service.batching.waiting import drain
from service.credentials.current import CurrentSigner
from service.engine_setup import OpenEngine, available_cores, open_torch_engine
from service.errors import NotReady
from service.media.bulk_encoders import BulkEncoders
from service.operations.downloads import OpenDownloads
from service.operations.engine_health import EngineHealth
from service.operations.metrics import Metrics
from service.pipeline import ImagePipeline
from service.registry.background_thread import BackgroundThread
from service.registry.catalogue import Catalogue
from service.registry.registry import ModelRegistry
from service.registry.reloader import Reloader, ReloadParts
from service.settings import Settings
from service.uploads.decoder_pool import DecoderPool

LOADING_RETRY_S = 2

log = logging.getLogger(__name__)


class ServiceRuntime:
    """All parts of one running service.

    Args:
        open_engine: creates the engine, which is started later.
        settle: called when the models have been loaded at the start, and when one was unloaded.

    Raises:
        SettingsError: key or certificates of Content Credentials cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        open_engine: OpenEngine = open_torch_engine,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._settle = settle
        self._began = time.monotonic()
        self.metrics = Metrics()
        self.credentials = CurrentSigner(settings)
        if self.credentials.expires_at is not None:
            self.metrics.credentials_expire(self.credentials.expiry_timestamp)
        self.keys = KeyRing(settings.api_keys)
        self.rate = RateLimit(settings.rate_limit) if settings.rate_limit else None
        rate = settings.dataset_rate_limit
        self.dataset_rate = RateLimit(rate, "pictures") if rate else None
        self._background = BackgroundThread()
        self.engine = open_engine(settings, self._background)
        predictor = WorkPredictor()
        queue = AdmissionQueue(
            capacity=settings.queue_capacity,
            max_queued_s=settings.queue_work_s,
            max_batch=settings.max_batch,
            max_work_s=settings.batch_work_s,
            predictor=predictor,
        )
        self.batcher = Batcher(
            self.engine, queue, predictor, self.metrics, stall_s=settings.stall_s
        )
        self.engine_health = EngineHealth(
            self.engine, self.metrics, stall_s=settings.stall_s, hang_s=settings.hang_s
        )
        self.registry = ModelRegistry(
            settings.bundles, settings.default_model, settings.retired_model_s
        )
        self.reloader = self._create_reloader(predictor)
        self.pipeline = ImagePipeline(
            settings, self.batcher, self.metrics, available_cores(), using=self.registry.using
        )
        self.decoders = DecoderPool()
        self.downloads = OpenDownloads(settings.max_datasets)
        threads = max(1, (settings.encoders or available_cores()) // 2)
        self.bulk_encoders = BulkEncoders(threads, self.batcher.requests.wait_for_none)
        self.metrics.watch(self.batcher)
        self.metrics.datasets.watch(self.downloads.__len__)
        self.draining = False
        self._not_ready: NotReady | None = NotReady(
            "the models are still loading", retry_after_s=LOADING_RETRY_S
        )
        self._published: Catalogue | None = None
        self._life: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ interface for routes

    @property
    def uptime_s(self) -> float:
        """Seconds since this process composed the service."""
        return time.monotonic() - self._began

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be served.

        Raises:
            NotReady: there is none; the message states the reason.
        """
        if (error := self._not_ready) is not None:
            raise NotReady(str(error), retry_after_s=error.retry_after_s, **error.members)
        catalogue = self.registry.catalogue
        if not catalogue.models and not catalogue.retiring:
            catalogue.require_default()
        return catalogue

    def require_ready(self) -> Catalogue:
        """The models that are served, if the service is ready for requests.

        Raises:
            NotReady: it is not ready; the message states the reason.
        """
        if self.draining:
            raise NotReady("this server is shutting down")
        self.engine_health.require_ready()
        self.catalogue.require_default()
        return self.catalogue

    def require_alive(self) -> None:
        """Raise an error if the process cannot work any more.

        Raises:
            NotReady: the engine has ended or hangs, and only a restart helps.
        """
        self.engine_health.require_alive()

    # ------------------------------------------------------------------ phases

    def start(self) -> None:
        """Start the engine and load all bundles; returns at once."""
        loop = asyncio.get_running_loop()
        self._life = loop.create_task(self._load_and_watch())
        self._watch = loop.create_task(self.credentials.watch())

    def look_for_models(self) -> None:
        """Start a scan of the folders of bundles that reads every bundle."""
        log.info("asked to read %s again", ", ".join(map(str, self.settings.bundles)))
        self.reloader.look_now()

    def announce_drain(self) -> None:
        """Report not ready from now on, for load balancers; requests are still served."""
        if not self.draining:
            self.draining = True
            if self._life is not None:
                self._life.cancel()
            log.info("draining: %.1f s of work are queued", self.batcher.queued_work_s())

    def begin_drain(self) -> None:
        """Refuse new requests; admitted ones are finished, data sets are cut."""
        self.announce_drain()
        self.downloads.end()
        self.batcher.stop_admitting()

    async def stop(self) -> None:
        """Finish admitted requests, up to the drain limit, and end."""
        self.begin_drain()
        if given_up := await drain(self.batcher, self.settings.drain_limit_s):
            log.warning("%d images were given up at shutdown", given_up)
        if self._watch is not None:
            self._watch.cancel()
        self.pipeline.close()
        self.bulk_encoders.close()
        self.decoders.close()

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for each kind of thread; True if none is running."""
        return self.engine.ended(within_s) and self._background.ended(within_s)

    def _create_reloader(self, predictor: WorkPredictor) -> Reloader:
        return Reloader(
            self.settings.bundles,
            ReloadParts(
                self.engine,
                self.registry,
                predictor,
                self._background,
                self.batcher.depths,
                self._publish,
                self._settle,
            ),
            poll_s=self.settings.bundles_poll_s,
            grace_s=self.settings.retired_model_s,
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
        self.metrics.loaded(now)
        if now.default is None and (
            before is None or now.no_default_reason != before.no_default_reason
        ):
            log.error("not ready: %s", now.no_default_reason)
        elif now.default is not None and (before is None or now.default != before.default):
            log.info("ready with %s; the default is %s", ", ".join(now.models), now.default)
