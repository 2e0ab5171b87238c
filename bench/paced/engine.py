"""An engine that answers a batch after a set time, without using the processor.

Owns the stand-in for a device: what the service costs beside it can be measured without one. Its
pictures are made beforehand; the seed selects one of them. Knows no network and no HTTP.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from models.card import Card, Data, Exit, Golden
from models.families.progan.config import ProganConfig
from models.layout import CARD_FILE
from models.picture import Pixels
from service.batching.engine import (
    EngineMode,
    EngineStatus,
    LoadedBundle,
    ModelInfo,
    RenderedBatch,
)
from service.batching.recipe import Recipe
from service.engine.engine_thread import EngineThread

NAME = "paced"
LARGEST = 512  # pixels
STEP_S = 60.0  # allowed for what is no batch


@dataclass(frozen=True)
class Pace:
    """Duration of a batch: `batch_s`, and `each_s` more for each of its pictures."""

    batch_s: float
    each_s: float = 0.0

    def seconds(self, count: int) -> float:
        """Duration of a batch of `count` pictures."""
        return self.batch_s + self.each_s * count


def paced_card() -> Card:
    """The card of a model with pictures of 4 to `LARGEST` pixels."""
    network = ProganConfig(LARGEST, 3, 16, 256, 16)
    return Card(
        name=NAME,
        title="Pictures made beforehand",
        description="For measurements of what a picture costs beside the network.",
        licence="MIT",
        network=network,
        exits=tuple(Exit(r, (1,), None) for r in network.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256=hashlib.sha256(NAME.encode()).hexdigest(),
        golden=(Golden(1, LARGEST, "0" * 64, (0,) * 48),),
    )


def write_paced_bundle(folder: Path) -> None:
    """Write what the service needs to find the model in `folder`."""
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / CARD_FILE).write_text(json.dumps({"name": NAME}))


class PacedEngine:
    """Implements `service.batching.engine.Engine` by waiting.

    Args:
        pictures: pictures by resolution.
    """

    def __init__(self, pace: Pace, pictures: Mapping[int, Sequence[Pixels]]) -> None:
        self._pace = pace
        self._pictures = pictures
        self._thread = EngineThread()

    def start(self) -> Future[None]:
        """Start the thread."""
        self._thread.start()
        return self._thread.run(lambda: None, STEP_S)

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Wait as long as a batch takes, and return its pictures."""
        return self._thread.run(lambda: self._render(batch), allowed_s)

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:  # noqa: ARG002 - the protocol's
        """Return the one model."""
        mode = EngineMode("cpu", "uint8", "none")
        return self._thread.run(lambda: LoadedBundle(ModelInfo(paced_card(), mode)), STEP_S)

    def unload(self, pinned: str) -> Future[None]:  # noqa: ARG002 - the protocol's
        """Keep the pictures."""
        return self._thread.run(lambda: None, STEP_S)

    def status(self) -> EngineStatus:
        """The state of the thread."""
        return self._thread.status()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds; True if the thread has ended."""
        return self._thread.ended(within_s)

    def _render(self, batch: Sequence[Recipe]) -> RenderedBatch:
        seconds = self._pace.seconds(len(batch))
        time.sleep(seconds)
        return RenderedBatch([self._picture(recipe) for recipe in batch], seconds)

    def _picture(self, recipe: Recipe) -> Pixels:
        those = self._pictures[recipe.resolution]
        return those[recipe.point.start % len(those)]
