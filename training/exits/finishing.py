"""The generator of a bundle: that of a run, with a way to the pictures of every resolution.

Owns the choice between fitted exits (`fitting.py`), those of an older bundle (`reuse.py`) and box
filters, by the family of the generator. Knows no file but the folder of the older bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from models.card import Exit
from models.exit_shape import BOX
from models.families.progan.generator import Generator
from models.families.table import offer_of
from models.family import ImageGenerator
from training.exits.fitting import fit_exits, with_exits
from training.exits.reuse import reuse_exits
from training.progress_bar import progress_bar


@dataclass(frozen=True)
class FinishedGenerator:
    """A generator with a way to every resolution.

    Attributes:
        generator: in evaluation mode, without gradients.
        exits: their descriptions in the card, smallest resolution first.
        exit_steps: steps in which they were fitted; None without fitting.
    """

    generator: ImageGenerator
    exits: tuple[Exit, ...]
    exit_steps: JsonValue


def finish_generator(
    average: ImageGenerator, seed: int, steps: int, older: Path | None = None
) -> FinishedGenerator:
    """Give a generator its exits.

    Args:
        average: the averaged generator of a run, on the device that fits.
        seed: for all random draws.
        steps: of each deep exit.
        older: the folder of a bundle of the same weights, whose exits are used.

    Raises:
        ExitError: the exits are not faithful enough, cannot be fitted, or belong to other weights.
        BundleError: the older bundle cannot be read.
    """
    if not isinstance(average, Generator):
        return box_filtered(average)
    steps_taken: JsonValue = steps
    if older is None:
        with progress_bar("fitting exits", "steps") as on_progress:
            exits = fit_exits(average, seed, steps, on_progress)
    else:
        exits, card = reuse_exits(older, average)
        steps_taken = card.training.get("exit_steps")
    entries = tuple(exit_.card_entry for exit_ in exits)
    return FinishedGenerator(with_exits(average, exits), entries, steps_taken)


def box_filtered(average: ImageGenerator) -> FinishedGenerator:
    """Copy a generator whose smaller pictures are box filtered.

    The copy has the memory layout of a loaded bundle, so that both round alike.
    """
    config = average.config
    shapes = (BOX,) * len(config.resolutions)
    copy = offer_of(config).generator(config, shapes)
    copy.load_state_dict(average.state_dict(), strict=True)
    entries = tuple(Exit(r, BOX.kernels, None) for r in config.resolutions)
    return FinishedGenerator(copy.eval().requires_grad_(False), entries, None)
