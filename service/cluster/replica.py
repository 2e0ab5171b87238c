"""One replica: the whole service in a process of Ray Serve, with a device of its own.

Owns its composition and what Ray asks it: the application, its health and its queued work. Reads
its settings from the environment of its node. Knows Ray only as the function that asks the shared
state.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from typing import Final

from prometheus_client import disable_created_metrics
from starlette.types import ASGIApp

from service.app import create_app
from service.batching.engine import ModelInfo
from service.cluster.replica_app import ReplicaApp
from service.cluster.replica_renderer import ReplicaRenderer
from service.cluster.replica_state import Ask, ReplicaState
from service.composition import ServiceRuntime
from service.engine_setup import OpenEngine, open_torch_engine
from service.environment import read_settings
from service.errors import NotReady
from service.http.request_log import configure_logging
from service.memory_allocator import return_large_blocks
from service.operations.metrics import Metrics
from service.operations.spans import set_service_name
from service.settings import Settings

LOADING_LOOK_S: Final = 0.05
QUEUED_S: Final = "queued_s"  # the name of the metric for autoscaling


def replica_settings(settings: Settings) -> Settings:
    """The settings of one replica: threads and encoders are its own cores, not the machine's."""
    return settings.model_copy(
        update={
            "threads": settings.threads or settings.replica_cpus,
            "encoders": settings.encoders or settings.replica_cpus,
        }
    )


class ReplicaService:
    """A replica; created by Ray on its node, in the event loop of the application.

    Args:
        ask: calls a method of the shared state by its name.
        settings: None to read them from the environment.
        open_engine: creates the engine.

    Attributes:
        runtime: the parts of the service.
        state: this replica's side of the shared state.
    """

    def __init__(
        self,
        ask: Ask,
        settings: Settings | None = None,
        open_engine: OpenEngine = open_torch_engine,
    ) -> None:
        settings = replica_settings(settings or read_settings()[0])
        metrics = Metrics()
        name = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.state = ReplicaState(settings, name, ask, metrics)
        self._renderer = ReplicaRenderer(settings, open_engine, metrics, self.state)
        self.runtime = ServiceRuntime(
            settings, renderer=self._renderer, shared=self.state, metrics=metrics
        )
        self._beating: asyncio.Task[None] | None = None

    def application(self) -> ASGIApp:
        """The application of this replica."""
        app = create_app(self.runtime.settings, self.runtime)
        return ReplicaApp(app, started=self.started, ended=self.ended)

    async def started(self) -> None:
        """Wait until the models are loaded, or cannot be; tell the state from then on."""
        while self._may_become_ready():
            await asyncio.sleep(LOADING_LOOK_S)
        self._beating = asyncio.get_running_loop().create_task(
            self.state.run(self._models, self.runtime.look_for_models)
        )

    async def ended(self) -> None:
        """Stop telling the state."""
        if self._beating is not None:
            self._beating.cancel()
            await self.state.leave()

    async def check_health(self) -> None:
        """Raise an error if Ray must replace this replica.

        Raises:
            NotReady: it is not ready, or makes other pictures than the first one.
        """
        if self._renderer.must_end():
            self.runtime.require_alive()
        if self.state.fault is not None:
            raise NotReady(self.state.fault)
        self.runtime.require_ready()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """The predicted seconds of work that are queued here."""
        return {QUEUED_S: self._renderer.load().queued_s}

    def _may_become_ready(self) -> bool:
        try:
            _ = self._renderer.catalogue
        except NotReady as error:  # without a time to wait if the engine could not start
            return self._renderer.is_loading and error.retry_after_s is not None
        return False

    def _models(self) -> Mapping[str, ModelInfo]:
        try:
            return self._renderer.catalogue.models
        except NotReady:
            return {}


def prepare_replica_process() -> None:
    """Set log, memory and metrics of this process as `python -m service` does."""
    settings = read_settings()[0]
    configure_logging(settings.log_format, settings.log_level)
    _ = return_large_blocks()
    set_service_name()
    disable_created_metrics()  # no additional `_created` series for each counter
