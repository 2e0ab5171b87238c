"""Exactness: the same pixels at every fill of a batch, in every place, and for many seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bench.device_checks.finding import Budget, Finding, while_time
from bench.promise import digests
from bench.promise_recipes import recipes_of, shuffled
from models.picture import Pixels
from service.batching.recipe import Recipe, point_of
from service.engine.loading import LoadedModel
from service.engine.torch_models import TorchModels

SEEDS_AT_ONCE = 250


def fills(models: TorchModels, model: LoadedModel, budget: Budget) -> Finding:
    """Compare pictures alone with those at each fill of a batch, and at each place in it."""
    card, differ, compared = model.served.card, 0, 0
    for number in while_time(budget, len(card.resolutions)):
        size = card.resolutions[-1 - number]
        recipes = [
            Recipe(card.pinned_name, point_of(seed), size) for seed in range(models.max_batch)
        ]
        alone = [models.render_batch([recipe])[0] for recipe in recipes]
        for batch in arrangements(len(recipes)):
            made = models.render_batch([recipes[place] for place in batch])
            differ += count_different(made, [alone[place] for place in batch])
            compared += len(batch)
    told = f"{differ} of {compared:,} pictures differ, {model.served.mode.libraries}"
    return Finding(f"{card.name}: fills and places of a batch", told, differ == 0)


def arrangements(most: int) -> Iterator[list[int]]:
    """Yield batches of every size up to `most`, and every rotation of the largest."""
    for size in range(1, most):
        yield list(range(size))
    for shift in range(most):
        yield [(place + shift) % most for place in range(most)]


def seeds(models: TorchModels, model: LoadedModel, count: int, budget: Budget) -> Finding:
    """Compare pictures of many seeds and points between them, alone and in mixed batches."""
    recipes, differ, compared = recipes_of(model.served, count), 0, 0
    parts = range(0, len(recipes), SEEDS_AT_ONCE)
    for number in while_time(budget, len(parts)):
        part = recipes[parts[number] : parts[number] + SEEDS_AT_ONCE]
        alone = digests(models, ([recipe] for recipe in part))
        for draw in (1, 2):
            mixed = digests(models, shuffled(part, draw))
            differ += sum(mixed[recipe] != digest for recipe, digest in alone.items())
        compared += len(part)
    told = f"{differ} differ, {compared:,} of {len(recipes):,} points in two kinds of company"
    return Finding(f"{model.served.card.name}: {count:,} seeds", told, differ == 0)


def count_different(made: Sequence[Pixels], expected: Sequence[Pixels]) -> int:
    """Count the pictures that differ."""
    pairs = zip(made, expected, strict=True)
    return sum(not np.array_equal(one, other) for one, other in pairs)
