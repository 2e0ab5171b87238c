"""An engine that stamps the seed into each image, and a batcher that runs on it."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import numpy as np

from models.picture import Pixels
from service.batching.batcher import Batcher
from service.batching.predictor import WorkPredictor
from service.batching.queue import AdmissionQueue, PendingImage
from service.batching.recipe import Recipe, point_of
from tests.service.function_engine import FunctionEngine

PATIENCE_S = 300  # ends a hang


NEVER = 1e12


class Witness:
    """Notes what it is told of batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.errors: list[Exception] = []

    def batch_done(self, recipes: Sequence[Recipe], waits_s: list[float], took_s: float) -> None:
        """A batch was computed."""
        assert len(waits_s) == len(recipes)
        assert took_s >= 0
        self.sizes.append(len(recipes))

    def batch_failed(self, error: Exception) -> None:
        """The engine raised."""
        self.errors.append(error)


class Stamp:
    """An engine whose image of a seed is that seed; it can be held, and it fails where told."""

    def __init__(self, faults: frozenset[int] = frozenset()) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.faults = faults
        self.computed: Counter[int] = Counter()

    def __call__(self, recipes: list[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        self.entered.release()
        assert self.gate.wait(PATIENCE_S)
        seeds = [recipe.point.start for recipe in recipes]
        self.computed.update(seeds)
        if self.faults & set(seeds):
            raise ValueError("this seed is cursed")
        return [np.full((1, 1, 1), seed, np.uint8) for seed in seeds]


@contextmanager
def running(
    run: Callable[[list[Recipe]], Sequence[Pixels]],
    clock: Callable[[], float] = lambda: 0.0,
    capacity: int = 100,
    max_batch: int = 4,
    stall_s: float = math.inf,
) -> Generator[tuple[Batcher, Witness, FunctionEngine]]:
    """A batcher with its engine, which ends with the test."""
    predictor, witness = WorkPredictor(), Witness()
    queue = AdmissionQueue(
        capacity=capacity, max_batch=max_batch, max_work_s=1e9, predictor=predictor
    )
    engine = FunctionEngine(run, clock)
    batcher = Batcher(engine, queue, predictor, witness, clock, stall_s)
    engine.start()
    try:
        yield batcher, witness, engine
    finally:
        batcher.stop()
        assert engine.ended(PATIENCE_S)


def recipes(*seeds: int, model: str = "m", resolution: int = 64) -> list[Recipe]:
    """One recipe for each seed."""
    return [Recipe(model, point_of(seed), resolution) for seed in seeds]


def seed_in(ticket: PendingImage) -> int:
    """What the engine wrote into the image of `ticket`."""
    return int(ticket.image.result(PATIENCE_S).pixels[0, 0, 0])


def hold(batcher: Batcher, engine: Stamp, seed: int = 255) -> PendingImage:
    """Keep the engine inside a batch of one, so that all that follows must wait."""
    engine.gate.clear()
    (ticket,) = batcher.submit(recipes(seed), NEVER)
    assert engine.entered.acquire(timeout=PATIENCE_S)
    return ticket
