"""A small real engine without a network: it paints digests, and can be held or made to fail."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

from models.card import Card, Data, Exit, Golden
from models.families.progan.config import ProganConfig
from models.layout import CARD_FILE
from models.picture import THUMBNAIL_SIZE, BitDepth, Pixels, ValueRange
from service.app import create_app
from service.batching.engine import (
    BundleRefused,
    EngineMode,
    EngineStatus,
    LoadedBundle,
    ModelInfo,
    RenderedBatch,
)
from service.batching.recipe import UNSTYLED, Recipe
from service.composition import ServiceRuntime
from service.engine.engine_thread import EngineThread
from service.errors import NotReady
from service.local_renderer import LocalRenderer
from service.operations.metrics import Metrics
from service.registry.watcher import model_name_in
from service.settings import Settings

PATIENCE_S = 300  # ends a hang, on a busy machine, too
MODE = EngineMode("cpu", "uint8", "digests 1")


def card_named(
    name: str,
    resolution: int = 32,
    channels: int = 3,
    labels: tuple[str, ...] = (),
    value_range: ValueRange | None = None,
) -> Card:
    """A card whose digest is made of its name; with a `value_range` its pictures have 16 bits."""
    network = ProganConfig(resolution, channels, 16, 256, 16, len(labels))
    return Card(
        name=name,
        title=name.title(),
        description="Made of digests.",
        licence="MIT",
        network=network,
        exits=tuple(Exit(r, (1,), None) for r in network.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256=hashlib.sha256(name.encode()).hexdigest(),
        golden=(Golden(1, resolution, "0" * 64, (0,) * THUMBNAIL_SIZE**2 * channels),),
        labels=labels,
        bit_depth=16 if value_range else 8,
        value_range=value_range,
    )


def write_card(folder: Path, name: str) -> None:
    """Write a bundle that a painter loads as the card of that name; `unfit...` it refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).write_text(json.dumps({"name": name}))


class Painter:
    """An engine that paints each recipe in a pattern of its own, and remembers what it was asked.

    Attributes:
        cards: of the bundles that it finds at start.
        folder: of the last of these bundles.
        loaded: the cards that it paints now, by pinned name.
        loads: whether each bundle was loaded while others were served.
        timings: what it reports of each bundle that it loads.
        gate: closed, it holds the engine inside a batch.
        opening: closed, it holds the engine before its device is open.
        faults: seeds at which it raises, and what.
        batches: every batch it was given.
        unwell: whether it can load nothing at the moment.
        watermark: name of the watermark of its pictures; it paints none.
    """

    def __init__(self, *cards: Card, clock: Callable[[], float] = time.monotonic) -> None:
        self.cards = cards or (card_named("painter-32"),)
        self.folder = Path()
        self.loaded: dict[str, Card] = {}
        self.loads: list[bool] = []
        self.timings: list[tuple[Sequence[Recipe], float]] = []
        self.gate = threading.Event()
        self.opening = threading.Event()
        self.gate.set()
        self.opening.set()
        self.entered = threading.Event()
        self.faults: dict[int, Exception] = {}
        self.start_fault: Exception | None = None
        self.batches: list[list[Recipe]] = []
        self.unwell = False
        self.watermark: str | None = None
        self._thread = EngineThread(clock)

    def open(self, settings: Settings, *_: object) -> Painter:
        """Write the bundles of all cards, as a service finds them; the engine is this painter."""
        for card in self.cards:
            self.folder = settings.bundles[0] / card.name
            write_card(self.folder, card.name)
        return self

    # ------------------------------------------------------------------ the protocol

    def start(self) -> Future[None]:
        """Open nothing."""
        self._thread.start()
        return self._thread.run(self._open, PATIENCE_S)

    def submit(self, batch: Sequence[Recipe], allowed_s: float) -> Future[RenderedBatch]:
        """Paint a batch."""
        return self._thread.run(lambda: RenderedBatch(self.paint_batch(batch), 0.0), allowed_s)

    def load(self, folder: Path, *, while_serving: bool) -> Future[LoadedBundle]:
        """The card that is named in a folder."""
        self.loads.append(while_serving)
        return self._thread.run(lambda: self._load(folder), PATIENCE_S)

    def unload(self, pinned: str) -> Future[None]:
        """Paint it no more."""
        return self._thread.run(lambda: self._unload(pinned), PATIENCE_S)

    def status(self) -> EngineStatus:
        """The state of the thread."""
        return self._thread.status()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def ended(self, within_s: float) -> bool:
        """Whether it has ended."""
        return self._thread.ended(within_s)

    # ------------------------------------------------------------------ on the thread

    def paint_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        self.batches.append(list(recipes))
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        for recipe in recipes:
            if recipe.point.start in self.faults:
                raise self.faults[recipe.point.start]
        cards = [self.loaded[recipe.model] for recipe in recipes]
        return [
            paint(recipe, card.network.channels, card.bit_depth)
            for recipe, card in zip(recipes, cards, strict=True)
        ]

    def _open(self) -> None:
        assert self.opening.wait(PATIENCE_S)
        if self.start_fault is not None:
            raise self.start_fault

    def _load(self, folder: Path) -> LoadedBundle:
        name = model_name_in(folder) or (folder / CARD_FILE).read_text()
        if self.unwell:
            raise BundleRefused("the disk does not answer", transient=True)
        if name.startswith("unfit"):
            raise BundleRefused(name)
        known = {card.name: card for card in self.cards}
        card = known.get(name) or card_named(name)
        self.loaded[card.pinned_name] = card
        return LoadedBundle(ModelInfo(card, MODE, self.watermark), self.timings)

    def _unload(self, pinned: str) -> None:
        self.loaded.pop(pinned, None)

    @property
    def seeds(self) -> list[int]:
        """Every seed that was computed, in order."""
        return [recipe.point.start for batch in self.batches for recipe in batch]


def paint(recipe: Recipe, channels: int = 3, bit_depth: BitDepth = 8) -> Pixels:
    """The picture of a recipe: uint8 or uint16 `[R, R, C]`, noise that depends on all of it."""
    styling = () if (recipe.psi, recipe.mix) == UNSTYLED[:2] else (recipe.psi, recipe.mix)
    source = () if recipe.source is None else (recipe.source.sha256,)
    parts = (
        recipe.model,
        recipe.point,
        recipe.resolution,
        recipe.label,
        *styling,
        *recipe.edits,
        *source,
    )
    digest = hashlib.sha256(repr(parts).encode()).digest()
    noise = np.random.default_rng(int.from_bytes(digest[:8]))
    shape = (recipe.resolution, recipe.resolution, channels)
    return noise.integers(0, 1 << bit_depth, shape, np.uint16 if bit_depth == 16 else np.uint8)


def wait_until(fact: Callable[[], bool]) -> None:
    """Give other threads time until `fact` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.002)


def local(runtime: ServiceRuntime) -> LocalRenderer:
    """The renderer of a service whose engine is in this process."""
    assert isinstance(runtime.renderer, LocalRenderer)
    return runtime.renderer


async def started(settings: Settings, painter: Painter) -> LocalRenderer:
    """A renderer of this process that has loaded its models."""
    renderer = LocalRenderer(settings, painter.open, Metrics())
    renderer.start()
    async with asyncio.timeout(PATIENCE_S):
        while renderer.is_loading:
            await asyncio.sleep(0.002)
    return renderer


@contextmanager
def service_with(engine: Painter, settings: Settings) -> Generator[TestClient]:
    """A client of a service that has become ready with `engine`."""
    runtime = ServiceRuntime(settings, engine.open)
    with TestClient(create_app(settings, runtime), raise_server_exceptions=False) as client:
        wait_until(lambda: is_ready(runtime))
        yield client


def is_ready(runtime: ServiceRuntime) -> bool:
    """True if a service can answer; asked over HTTP it would first describe all its answers."""
    try:
        runtime.require_ready()
    except NotReady:
        return False
    return True
