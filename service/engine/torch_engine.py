"""The engine on this machine's device: torch on one thread.

Owns the division of work between the engine's thread and the background, and the allowed time of
each job. Importing this module does not import torch, which takes seconds: the engine's thread
imports it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from service.batching.engine import EngineStatus, LoadedBundle, RenderedBatch
from service.batching.recipe import Recipe
from service.engine.engine_thread import EngineThread
from service.registry.background_thread import BackgroundThread

if TYPE_CHECKING:
    from service.engine.torch_models import TorchModels

OPEN_S = 600.0  # to import the libraries from a slow disk and to open the device
LOAD_S = 600.0  # to load and verify one bundle, when nothing is served
STEP_S = 30.0  # for one job between two batches, such as a batch that verifies a bundle


class TorchEngine:
    """Implements `service.batching.engine.Engine` with a thread in this process.

    Args:
        open_models: opens the device; called once, on the engine's thread.
        background: loads and verifies bundles while others are served.
    """

    def __init__(
        self, open_models: Callable[[], TorchModels], background: BackgroundThread
    ) -> None:
        self._open_models = open_models
        self._background = background
        self._thread = EngineThread()
        self._models: Future[TorchModels] = Future()

    def start(self) -> Future[None]:
        """Start the thread, which opens the device."""
        self._thread.start()
        self._models = self._thread.run(self._open_models, OPEN_S)
        opened: Future[None] = self._thread.run(lambda: _require(self._models), STEP_S)
        return opened

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Compute a batch on the thread."""

        def render() -> RenderedBatch:
            began = time.monotonic()
            images = self._models.result().render_batch(batch)
            return RenderedBatch(images, time.monotonic() - began)

        return self._thread.run(render, allowed_s)

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:
        """Read and verify a bundle: in the background, then again between batches.

        The second verification runs on the engine's thread, one batch at a time. If nothing is
        served, the engine's thread does everything, with all cores, and verifies once.
        """
        if while_serving:
            return self._background.run(lambda: self._load_beside(folder))
        return self._thread.run(lambda: self._load_here(folder), LOAD_S)

    def unload(self, pinned: str) -> Future[None]:
        """Unload between two batches."""
        return self._thread.run(lambda: self._models.result().unload(pinned), STEP_S)

    def status(self) -> EngineStatus:
        """Return the state of the thread."""
        return self._thread.status()

    def stop(self) -> None:
        """End the thread after the jobs that are queued."""
        self._thread.stop()

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds; True if the thread has ended."""
        return self._thread.ended(within_s)

    def _load_here(self, folder: Path) -> LoadedBundle:
        models, timings = self._models.result(), Timings()
        model = models.load(folder, timings.add)
        models.activate(model)
        return LoadedBundle(model.served, timings.batches)

    def _load_beside(self, folder: Path) -> LoadedBundle:
        models, timings, ignored = self._models.result(), Timings(), Timings()
        model = models.load_beside(folder, ignored.add)  # slower beside other batches
        steps = models.verify(model, timings.add)
        while self._thread.run(lambda: next(steps, steps), STEP_S).result() is not steps:
            pass  # batches of requests run between two steps
        self._thread.run(lambda: models.activate(model), STEP_S).result()
        return LoadedBundle(model.served, timings.batches)


def _require(opened: Future[TorchModels]) -> None:
    opened.result()


class Timings:
    """Batches, and the seconds that each took."""

    def __init__(self) -> None:
        self.batches: list[tuple[Sequence[Recipe], float]] = []

    def add(self, recipes: Sequence[Recipe], seconds: float) -> None:
        """Record a batch."""
        self.batches.append((recipes, seconds))
