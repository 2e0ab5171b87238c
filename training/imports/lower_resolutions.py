"""The pictures of lower resolutions of an imported generator, by its family.

Owns the choice: a Progressive GAN has toRGB layers of its own from when it grew (`grown_exits.py`),
any other generator has box filters, as after a training here.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.card import Exit
from models.families.progan.generator import Generator
from models.family import ImageGenerator
from training.exits.finishing import box_filtered
from training.imports.grown_exits import MEASURED_SEEDS, grown_exits

GROWN = (
    "its own toRGB layers from when it grew, not fitted again; PSNR against the box-downsampled "
    f"finished picture, {len(MEASURED_SEEDS)} seeds"
)
BOX_FILTERED = "the finished picture, box-filtered"


@dataclass(frozen=True)
class LowerResolutions:
    """A generator with a way to every resolution.

    Attributes:
        generator: in evaluation mode, without gradients.
        exits: their descriptions in the card, smallest resolution first.
        told: where they are from, for the card.
    """

    generator: ImageGenerator
    exits: tuple[Exit, ...]
    told: str


def lower_resolutions(generator: ImageGenerator) -> LowerResolutions:
    """Find or make the ways to the pictures of lower resolutions.

    Raises:
        NonFiniteGeneratorError: pictures of the generator are NaN or infinite.
    """
    if isinstance(generator, Generator):
        return LowerResolutions(generator, grown_exits(generator), GROWN)
    finished = box_filtered(generator)
    return LowerResolutions(finished.generator, finished.exits, BOX_FILTERED)
