"""The composition of the service and its phases: loading, ready, draining.

Owns the composition and the phases. The renderer is the engine's side; all other parts answer
requests. Knows no torch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from service.access.keys import KeyRing
from service.credentials.current import CurrentSigner
from service.engine_setup import OpenEngine, available_cores, open_torch_engine
from service.errors import NotReady
from service.local_renderer import LocalRenderer
from service.media.bulk_encoders import BulkEncoders
from service.operations.downloads import OpenDownloads
from service.operations.metrics import Metrics
from service.operations.shared_state import ClientWindows, LocalState, SharedState
from service.pipeline import ImagePipeline
from service.registry.catalogue import Catalogue
from service.rendering.renderer import Renderer
from service.settings import Settings
from service.uploads.decoder_pool import DecoderPool

log = logging.getLogger(__name__)


class ServiceRuntime:
    """All parts of one running service.

    Args:
        open_engine: creates the engine of this process, which is started later.
        settle: called when the models have been loaded at the start, and when one was unloaded.

        renderer: renders the pictures of all answers; None for the engine of this process.
        shared: state shared with other processes of the service; None if there are none.
        metrics: those of this process; None to create them.

    Raises:
        SettingsError: key or certificates of Content Credentials cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        open_engine: OpenEngine = open_torch_engine,
        settle: Callable[[], None] = lambda: None,
        *,
        renderer: Renderer | None = None,
        shared: SharedState | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.settings = settings
        self._began = time.monotonic()
        self.metrics = metrics or Metrics()
        self.credentials = CurrentSigner(settings)
        if self.credentials.expires_at is not None:
            self.metrics.credentials_expire(self.credentials.expiry_timestamp)
        self.keys = KeyRing(settings.api_keys)
        windows = ClientWindows(settings.rate_limit, settings.dataset_rate_limit)
        self.shared: SharedState = shared or LocalState(windows, self.metrics)
        self.renderer = renderer or LocalRenderer(settings, open_engine, self.metrics, settle)
        self.pipeline = ImagePipeline(settings, self.renderer, self.metrics, available_cores())
        self.decoders = DecoderPool()
        self.downloads = OpenDownloads(settings.max_datasets)
        threads = max(1, (settings.encoders or available_cores()) // 2)
        self.bulk_encoders = BulkEncoders(threads, self.renderer.requests.wait_for_none)
        self.metrics.datasets.watch(self.downloads.__len__)
        self.draining = False
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
        return self.renderer.catalogue

    def require_ready(self) -> Catalogue:
        """The models that are served, if the service is ready for requests.

        Raises:
            NotReady: it is not ready; the message states the reason.
        """
        if self.draining:
            raise NotReady("this server is shutting down")
        self.renderer.require_ready()
        return self.catalogue

    def require_alive(self) -> None:
        """Raise an error if the process cannot work any more.

        Raises:
            NotReady: only a restart helps; the message states the reason.
        """
        self.renderer.require_alive()

    # ------------------------------------------------------------------ phases

    def start(self) -> None:
        """Start the renderer and load all bundles; returns at once."""
        self.renderer.start()
        self._watch = asyncio.get_running_loop().create_task(self.credentials.watch())

    def look_for_models(self) -> None:
        """Start a scan of the folders of bundles that reads every bundle."""
        self.renderer.look_for_models()

    def announce_drain(self) -> None:
        """Report not ready from now on, for load balancers; requests are still served."""
        if not self.draining:
            self.draining = True
            self.renderer.stop_reloading()
            log.info("draining: %.1f s of work are queued", self.renderer.load().queued_s)

    def begin_drain(self) -> None:
        """Refuse new requests; admitted ones are finished, data sets are cut."""
        self.announce_drain()
        self.downloads.end()
        self.renderer.stop_admitting()

    async def stop(self) -> None:
        """Finish admitted requests, up to the drain limit, and end."""
        self.begin_drain()
        if given_up := await self.renderer.stop(self.settings.drain_limit_s):
            log.warning("%d images were given up at shutdown", given_up)
        if self._watch is not None:
            self._watch.cancel()
        self.pipeline.close()
        self.bulk_encoders.close()
        self.decoders.close()

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for each kind of thread; True if none is running."""
        return self.renderer.ended(within_s)
