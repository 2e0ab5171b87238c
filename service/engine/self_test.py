"""Self-test of a bundle at load: its pictures match its card and do not depend on their batch.

Owns the two tests, which also warm the engine up. Knows the engine only as a callable from recipes
to images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.bundle import BundleError
from models.card import Card, Golden
from models.picture import Pixels, pixel_sha256, thumbnail_of
from service.batching.recipe import Recipe, point_of

TRUNCATED_PROBE = 0.5  # psi
THUMBNAIL_TOLERANCE = 2  # of 255: the rounding differences between processors

Render = Callable[[Sequence[Recipe]], list[Pixels]]


class BrokenPromiseError(BundleError):
    """The picture of a golden seed differs from the card by more than rounding."""


@dataclass(frozen=True)
class GoldenReport:
    """Result of rendering the golden seeds of a card.

    Attributes:
        tried: number of golden seeds in the card.
        equal: number of those that are equal byte for byte; fewer with another kind of processor
            or other versions of the libraries.
    """

    tried: int
    equal: int


def verify_golden(card: Card, render: Render) -> GoldenReport:
    """Render the golden seeds of a card and compare the pictures with the card.

    Raises:
        BrokenPromiseError: a picture differs from its thumbnail by more than rounding.
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
    """Return `count` recipes that cycle through all resolutions, from the largest down."""
    sizes = card.resolutions[::-1]
    return [
        Recipe(
            card.pinned_name, point_of(seed), sizes[seed % len(sizes)], psi=probe_psi(card, seed)
        )
        for seed in range(count)
    ]


def probe_psi(card: Card, seed: int) -> float:
    """Truncation of a probe: of every second one where it enters the network beside the latent."""
    truncates = "psi" in card.takes and "mix" not in card.takes  # truncated styles are styles
    return TRUNCATED_PROBE if truncates and seed % 2 else 1.0


def is_batch_invariant(probes: Sequence[Recipe], render: Render) -> bool:
    """True if each probe has the same bytes in a batch of one and in one batch of all probes."""
    together = render(probes)
    return all(
        np.array_equal(render([probe])[0], pixels)
        for probe, pixels in zip(probes, together, strict=True)
    )
