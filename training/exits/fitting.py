"""Exits of every level, fitted to the finished picture.

While a network grows, the exit of a level is trained only until the next level has faded in; then
the features of its level change and it no longer fits them. Here each exit is fitted again, with
the generator frozen: its target is the finished picture, box-downsampled. One network then outputs
the same picture at every resolution.
Owns the sequence: linear fit, deep fit, choice. Knows no file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from models.card import Exit
from models.exit_shape import ExitShape
from models.families.progan.generator import Generator
from models.resolution import Size, resolution_of
from training.exits.choosing import ExitCandidate, choose_exit, fidelities
from training.exits.cost import deep_shape, exit_cost, path_costs
from training.exits.deep import ExitTrainer, rate_at
from training.exits.distillation_data import (
    EXIT_PICTURES_AT_ONCE,
    ExitError,
    ReplayBuffer,
    stem_inputs,
)
from training.exits.linear import LeastSquares
from training.objectives.rng import Stream, generator_at
from training.progress_bar import OnProgress

FIRST_FIT_SEED = 1_000_000
LINEAR_PICTURES = 384
LINEAR_KERNEL = 3
STEPS = 4000  # of each deep exit
MAX_EXIT_STEPS = 200_000  # keeps fitting seeds below `HELD_OUT_SEEDS`
NEW_PICTURES = 4  # rendered into the buffer for each step
PIXELS = 4096  # in a batch of a deep exit, about; see `batch_at`


@dataclass(frozen=True)
class FittedExit:
    """The fitted exit of one level.

    Attributes:
        module: maps the features of the level to images.
        card_entry: its description in the card.
    """

    module: nn.Module
    card_entry: Exit


def fit_exits(
    generator: Generator,
    seed: int,
    steps: int = STEPS,
    on_progress: OnProgress = lambda _done, _all: None,
) -> list[FittedExit]:
    """Fit new exits for all levels of `generator` except the top one; the top exit is kept.

    Args:
        generator: frozen; it is not changed.
        seed: for all random draws here.
        steps: of each deep exit; 0 for linear exits only.
        on_progress: called after every step.

    Raises:
        ExitError: `steps` is out of range, training diverged, or the best exit of a level is not
            faithful enough.
        NonFiniteGeneratorError: features or pictures of the generator are NaN or infinite.
    """
    if not 0 <= steps <= MAX_EXIT_STEPS:
        raise ExitError(f"deep exits learn in 0 to {MAX_EXIT_STEPS:,} steps, not {steps:,}")
    paths = path_costs(generator, stem_inputs(generator, range(FIRST_FIT_SEED, FIRST_FIT_SEED + 1)))
    buffer = ReplayBuffer(generator, FIRST_FIT_SEED)
    candidates = [[exit_] for exit_ in fit_linear(generator, buffer)]
    if steps:
        deep = fit_deep(generator, buffer, paths, seed, steps, on_progress)
        candidates = [[*level, exit_] for level, exit_ in zip(candidates, deep, strict=True)]
    chosen = choose_exit(candidates, fidelities(generator, candidates))
    top = ExitCandidate(generator.exit_shapes[-1], generator.exits[-1])
    return [
        FittedExit(exit_.module, _card_entry(generator, level, exit_.shape, psnr_db, paths[level]))
        for level, (exit_, psnr_db) in enumerate([*chosen, (top, None)])
    ]


def fit_linear(generator: Generator, buffer: ReplayBuffer) -> list[ExitCandidate]:
    """Fit linear exits of all levels except the top one."""
    config, device = generator.config, next(generator.parameters()).device
    equations = [
        LeastSquares(config.feature_maps(level), config.channels, LINEAR_KERNEL, config.tiling)
        for level in range(config.top_level)
    ]
    for _ in range(0, LINEAR_PICTURES, EXIT_PICTURES_AT_ONCE):
        batch = buffer.refill(EXIT_PICTURES_AT_ONCE)
        for one, features, target in zip(equations, batch.features, batch.targets, strict=True):
            one.add(features, target)
    return [ExitCandidate(ExitShape((LINEAR_KERNEL,)), one.exit().to(device)) for one in equations]


def fit_deep(
    generator: Generator,
    buffer: ReplayBuffer,
    paths: Sequence[int],
    seed: int,
    steps: int,
    on_progress: OnProgress,
) -> list[ExitCandidate]:
    """Train deep exits of all levels except the top one, in parallel from one buffer.

    Args:
        buffer: not empty.
        paths: multiply-adds of stem and levels up to each level.

    Raises:
        ExitError: the training of an exit diverged.
    """
    config, device = generator.config, next(generator.parameters()).device
    levels = range(config.top_level)
    sizes = [config.size_at(resolution) for resolution in config.resolutions]
    shapes = [
        deep_shape(config.feature_maps(level), config.channels, sizes[level], paths[level])
        for level in levels
    ]
    generators = [generator_at(seed, Stream.EXITS, level) for level in levels]
    trainers = [
        ExitTrainer(
            config.feature_maps(level),
            config.channels,
            shapes[level],
            generators[level],
            device,
            config.tiling,
        )
        for level in levels
    ]
    for step in range(steps):
        if step % (EXIT_PICTURES_AT_ONCE // NEW_PICTURES) == 0:
            buffer.refill(EXIT_PICTURES_AT_ONCE)
        for level, trainer in enumerate(trainers):
            features, target = buffer.sample(level, batch_at(sizes[level]), generators[level])
            loss = trainer.step(features, target, rate_at(step, steps))
            if not math.isfinite(loss):
                raise ExitError(
                    f"the exit at {resolution_of(level)} px diverged in step {step}: its error is "
                    f"{loss}. Export with --exit-steps 0 for linear exits"
                )
        on_progress(step + 1, steps)
    return [ExitCandidate(s, trainer.exit()) for s, trainer in zip(shapes, trainers, strict=True)]


def batch_at(size: Size) -> int:
    """Batch size for a level: more pictures where they are small."""
    return min(64, max(2, PIXELS // math.prod(size)))


def _card_entry(
    generator: Generator, level: int, shape: ExitShape, psnr_db: float | None, path: int
) -> Exit:
    config, resolution = generator.config, resolution_of(level)
    size = config.size_at(resolution)
    cost = exit_cost(config.feature_maps(level), config.channels, size, shape)
    reached = None if psnr_db is None else round(psnr_db, 2)
    return Exit(
        resolution, shape.kernels, reached, shape.hidden, cost, share_of_path=round(cost / path, 4)
    )


def with_exits(generator: Generator, exits: list[FittedExit]) -> Generator:
    """Build a generator of the same stem and levels with `exits`.

    No tensor is shared with `generator`.
    """
    fitted = Generator(generator.config, tuple(exit_.card_entry.shape for exit_ in exits))
    state = {k: v for k, v in generator.state_dict().items() if not k.startswith("exits.")}
    for level, exit_ in enumerate(exits):
        state |= {f"exits.{level}.{k}": v for k, v in exit_.module.state_dict().items()}
    fitted.load_state_dict(state, strict=True)
    return fitted.eval().requires_grad_(False)
