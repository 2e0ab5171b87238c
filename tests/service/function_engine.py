"""An engine around any function from recipes to images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from models.picture import Pixels
from service.batching.engine import EngineStatus, LoadedBundle, RenderedBatch
from service.batching.recipe import Recipe
from service.engine.engine_thread import EngineThread

STEP_S = 30.0


class FunctionEngine:
    """An engine whose batches are computed by a function, on a real thread."""

    def __init__(
        self, run: Callable[[list[Recipe]], Sequence[Pixels]], clock: Callable[[], float]
    ) -> None:
        self._run = run
        self._clock = clock
        self.thread = EngineThread(clock)

    def start(self) -> Future[None]:
        """Start the thread."""
        self.thread.start()
        return self.thread.run(lambda: None, STEP_S)

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Compute a batch."""

        def render() -> RenderedBatch:
            began = self._clock()
            images = self._run(list(batch))
            return RenderedBatch(images, self._clock() - began)

        return self.thread.run(render, allowed_s)

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:
        """It has no models."""
        raise NotImplementedError

    def unload(self, pinned: str) -> Future[None]:
        """It has no models."""
        raise NotImplementedError

    def status(self) -> EngineStatus:
        """The state of the thread."""
        return self.thread.status()

    def stop(self) -> None:
        """End the thread."""
        self.thread.stop()

    def ended(self, within_s: float) -> bool:
        """Whether it has ended."""
        return self.thread.ended(within_s)
