"""A reload under load: bundles are loaded and verified while batches are computed."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.device_checks.exactness import count_different
from bench.device_checks.finding import Budget, Finding, while_time
from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.engine.torch_engine import TorchEngine
from service.engine.torch_models import TorchModels
from service.registry.background_thread import BackgroundThread

ALLOWED_S = 600.0  # only ends a hang
RELOADS = 5


@dataclass
class Load:
    """Batches of one model, one after another, and what came of them."""

    engine: TorchEngine
    recipes: Sequence[Recipe]
    expected: Sequence[Pixels]
    took_s: list[float] = field(default_factory=list[float])
    differ: int = 0

    def run(self, ended: threading.Event) -> None:
        """Submit batches until `ended`, at least one."""
        while not (ended.is_set() and self.took_s):
            began = time.monotonic()
            made = self.engine.submit(self.recipes, ALLOWED_S).result(ALLOWED_S)
            self.took_s.append(time.monotonic() - began)
            self.differ += count_different(made.images, self.expected)


def reload_under_load(
    models: TorchModels, folders: Sequence[Path], reloads: int, budget: Budget
) -> list[Finding]:
    """Load each of `folders` again and again beside batches of the first one.

    Args:
        models: of the device, without models of these folders.
        folders: bundles; the first one serves all the time.
        reloads: of all others together; with one folder it serves and is loaded anew.
        budget: time for the whole check.
    """
    background = BackgroundThread()
    engine = TorchEngine(lambda: models, background)
    engine.start().result(ALLOWED_S)
    try:
        served = engine.load(folders[0], while_serving=False).result(ALLOWED_S).model
        load = load_of(engine, served, models.max_batch)
        quiet = load_of(engine, served, models.max_batch)
        for _ in range(10):
            quiet.run(ended_event())
        ended = threading.Event()
        serving = threading.Thread(target=load.run, args=(ended,), daemon=True)
        serving.start()
        loaded = 0
        for number in while_time(budget, reloads):
            folder = folders[1:][number % (len(folders) - 1)] if folders[1:] else folders[0]
            pinned = engine.load(folder, while_serving=True).result(ALLOWED_S).model.pinned_name
            if pinned != served.pinned_name:
                engine.unload(pinned).result(ALLOWED_S)
            loaded += 1
        ended.set()
        serving.join(ALLOWED_S)
        alive = engine.status().alive and not serving.is_alive()
    finally:
        engine.stop()
        engine.ended(ALLOWED_S)
        background.ended(ALLOWED_S)
    passed = alive and not load.differ
    ms, alone_ms = (1000 * statistics.median(each.took_s) for each in (load, quiet))
    return [
        Finding(
            "a reload under load",
            f"{loaded} loads beside {len(load.took_s):,} batches, {load.differ} pictures differ, "
            f"engine {'alive' if alive else 'LOST'}",
            passed,
        ),
        Finding(
            "a batch beside a reload",
            f"median {ms:.1f} ms, longest {1000 * max(load.took_s):.1f} ms; without a reload "
            f"{alone_ms:.1f} ms",
        ),
    ]


def load_of(engine: TorchEngine, served: ModelInfo, batch: int) -> Load:
    """Return the load of one model: a mixed batch, and what it must give."""
    sizes = served.card.resolutions
    recipes = [
        Recipe(served.pinned_name, point_of(n), sizes[-1 - n % len(sizes)]) for n in range(batch)
    ]
    expected = [
        engine.submit([recipe], ALLOWED_S).result(ALLOWED_S).images[0] for recipe in recipes
    ]
    return Load(engine, recipes, expected)


def ended_event() -> threading.Event:
    """Return an event that is set."""
    ended = threading.Event()
    ended.set()
    return ended
