"""The exits that a network of another tool brings along: its own toRGB layers.

Owns their description for the card. They were trained while the network grew and are not fitted
again, so the picture of a lower resolution may differ from the finished one; how much is measured.
"""

from __future__ import annotations

from models.card import Exit
from models.families.progan.generator import Generator
from training.exits.choosing import HELD_OUT_SEEDS, ExitCandidate, fidelities
from training.exits.cost import exit_cost, path_costs
from training.exits.distillation_data import stem_inputs

MEASURED_SEEDS = HELD_OUT_SEEDS[:16]  # of the wide networks of other tools one picture takes long


def grown_exits(generator: Generator) -> tuple[Exit, ...]:
    """Describe the exits of `generator`: costs, and fidelity over 16 held-out seeds.

    Raises:
        NonFiniteGeneratorError: pictures of the generator are NaN or infinite.
    """
    config, shapes = generator.config, generator.exit_shapes
    paths = path_costs(generator, stem_inputs(generator, range(1)))
    own = zip(shapes[:-1], generator.exits, strict=False)
    reached = fidelities(generator, [[ExitCandidate(*pair)] for pair in own], MEASURED_SEEDS)
    decibels = [*(round(level[0], 2) for level in reached), None]
    entries: list[Exit] = []
    for level, (resolution, shape) in enumerate(zip(config.resolutions, shapes, strict=True)):
        size = config.size_at(resolution)
        cost = exit_cost(config.feature_maps(level), config.channels, size, shape)
        share = round(cost / paths[level], 4)
        entries.append(Exit(resolution, shape.kernels, decibels[level], shape.hidden, cost, share))
    return tuple(entries)
