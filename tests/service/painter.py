"""A small real engine without a network: it paints digests, and can be held or made to fail."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

from models.card import Card, Data, Exit, Golden
from models.families.progan.config import NetworkConfig
from models.picture import Pixels
from service.app import create_app
from service.batching.engine import BundleRefused, EngineMode, ModelInfo
from service.batching.recipe import Recipe
from service.composition import ServiceRuntime
from service.settings import Settings

PATIENCE_S = 300  # ends a hang, on a busy machine, too
MODE = EngineMode("cpu", "uint8", "digests 1")


def card_named(
    name: str, resolution: int = 32, channels: int = 3, labels: tuple[str, ...] = ()
) -> Card:
    """A card whose digest is made of its name."""
    network = NetworkConfig(resolution, channels, 16, 256, 16, len(labels))
    return Card(
        name=name,
        title=name.title(),
        description="Made of digests.",
        licence="MIT",
        network=network,
        exits=tuple(Exit(r, (1,), None) for r in network.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256=hashlib.sha256(name.encode()).hexdigest(),
        golden=(Golden(1, resolution, "00", ()),),
        labels=labels,
    )


class Painter:
    """An engine that paints each recipe in a pattern of its own, and remembers what it was asked.

    Attributes:
        gate: closed, it holds the engine inside a batch.
        faults: seeds at which it raises, and what.
        batches: every batch it was given.
        unwell: whether it can load nothing at the moment.
    """

    def __init__(self, *cards: Card) -> None:
        self.cards = cards or (card_named("painter-32"),)
        self.refused: Mapping[str, str] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.faults: dict[int, Exception] = {}
        self.batches: list[list[Recipe]] = []
        self.unwell = False

    @property
    def origins(self) -> Mapping[str, str]:
        """Each card from a folder of its name."""
        return {card.name: card.pinned_name for card in self.cards}

    def served(self) -> Sequence[ModelInfo]:
        """What is told of each card."""
        return [ModelInfo(card, MODE) for card in self.cards]

    def load(self, folder: Path) -> PaintedCandidate:
        """The card that is written in a folder; `unfit` in its place is refused."""
        name = (folder / "card.json").read_text()
        if self.unwell:
            raise BundleRefused("the disk does not answer", transient=True)
        if name.startswith("unfit"):
            raise BundleRefused(name)
        return PaintedCandidate(self, ModelInfo(card_named(name), MODE))

    def unload(self, pinned: str) -> None:
        """Paint it no more."""
        self.cards = tuple(card for card in self.cards if card.pinned_name != pinned)

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        self.batches.append(list(recipes))
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        for recipe in recipes:
            if recipe.point.start in self.faults:
                raise self.faults[recipe.point.start]
        channels = {card.pinned_name: card.network.channels for card in self.cards}
        return [paint(recipe, channels[recipe.model]) for recipe in recipes]

    @property
    def seeds(self) -> list[int]:
        """Every seed that was computed, in order."""
        return [recipe.point.start for batch in self.batches for recipe in batch]


@dataclass(frozen=True)
class PaintedCandidate:
    """A card that is not painted yet."""

    painter: Painter
    served: ModelInfo

    def verify(self, most_s: float) -> Iterator[None]:
        """Two steps."""
        yield
        yield

    def activate(self) -> None:
        """Paint it from now on."""
        self.painter.unload(self.served.pinned_name)
        self.painter.cards = (*self.painter.cards, self.served.card)


def paint(recipe: Recipe, channels: int = 3) -> Pixels:
    """The picture of a recipe: uint8 `[R, R, C]`, noise that depends on all of it."""
    digest = hashlib.sha256(
        repr((recipe.model, recipe.point, recipe.resolution, recipe.label)).encode()
    ).digest()
    noise = np.random.default_rng(int.from_bytes(digest[:8]))
    return noise.integers(0, 256, (recipe.resolution, recipe.resolution, channels), np.uint8)


def wait_until(fact: Callable[[], bool]) -> None:
    """Give other threads time until `fact` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.002)


@contextmanager
def service_with(engine: Painter, settings: Settings) -> Generator[TestClient]:
    """A client of a service that has become ready with `engine`."""
    runtime = ServiceRuntime(settings, lambda _settings, _learn: engine)
    with TestClient(create_app(settings, runtime), raise_server_exceptions=False) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield client
