"""The proof at start: a bundle makes the pictures its card promises, whatever the batch.

Owns the two tests and what follows from them. They are the warm-up, too. Knows the engine only as
a callable from recipes to images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.bundle import BundleError
from models.card import Card, Golden
from models.picture import Pixels, pixel_sha256, thumbnail_of
from service.batching.recipe import Recipe, point_of

THUMBNAIL_TOLERANCE = 2  # steps of 255: what another processor may round differently

Render = Callable[[Sequence[Recipe]], list[Pixels]]


class BrokenPromiseError(BundleError):
    """A golden seed does not come out as the card promises."""


@dataclass(frozen=True)
class GoldenReport:
    """How the golden seeds came out.

    Attributes:
        tried: how many the card has.
        equal: how many were equal byte for byte; fewer on another processor or library.
    """

    tried: int
    equal: int


def verify_golden(card: Card, render: Render) -> GoldenReport:
    """Render the card's golden seeds and compare.

    Raises:
        BrokenPromiseError: a picture is not the one the card promises.
    """
    equal = 0
    for golden in card.golden:
        recipe = Recipe(card.pinned_name, point_of(golden.seed), golden.resolution)
        pixels = render([recipe])[0]
        _compare(card, golden, pixels)
        equal += pixel_sha256([pixels]) == golden.pixel_sha256
    return GoldenReport(len(card.golden), equal)


def _compare(card: Card, golden: Golden, pixels: Pixels) -> None:
    made, promised = np.array(thumbnail_of(pixels)), np.array(golden.thumbnail)
    fits = made.shape == promised.shape
    distance = int(np.abs(made - promised).max()) if fits else 255
    if distance > THUMBNAIL_TOLERANCE:
        raise BrokenPromiseError(
            f"{card.name}: seed {golden.seed} at {golden.resolution} px differs from its card by "
            f"{distance} of 255 steps ({THUMBNAIL_TOLERANCE} are allowed): the weights or the card "
            "are not those of the export. Copy or export the bundle again"
        )


def probes_of(card: Card, count: int) -> list[Recipe]:
    """`count` recipes over all resolutions, from the largest down and around again."""
    sizes = card.resolutions[::-1]
    return [
        Recipe(card.pinned_name, point_of(seed), sizes[seed % len(sizes)]) for seed in range(count)
    ]


def is_batch_invariant(probes: Sequence[Recipe], render: Render) -> bool:
    """Whether each probe has the same bytes alone and in one mixed batch with all others."""
    together = render(probes)
    return all(
        np.array_equal(render([probe])[0], pixels)
        for probe, pixels in zip(probes, together, strict=True)
    )
