"""Regularization: the gradient penalty of a step, and the terms that are computed every few steps.

Owns the penalty's settings and random numbers, lazy regularization of the discriminator, and path
length regularization of the generator. A lazy term has an optimizer step of its own and as many
times its weight (Karras et al. 2020, StyleGAN2, section 3.1 and appendix B).
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from models.families.stylegan.generator import StyleganGenerator
from models.layers.kernel_layer import kernels_cached
from training.device_copies import onto_device
from training.distributed import SINGLE, Processes
from training.game.context import StepContext, autocast
from training.game.schedule import ScheduleState
from training.game.settings import StepSettings
from training.game.state import PATH_LENGTH
from training.game.styles import StyleDraws, path_lengths
from training.objectives.gradient_penalty import (
    Penalty,
    penalised_count,
    scores_and_gradient_norm,
)
from training.objectives.losses import OBJECTIVES, Terms
from training.objectives.rng import Stream, generator_at, normal, uniform


def penalty_at(
    config: StepSettings,
    schedule: ScheduleState,
    device: torch.device,
    processes: Processes = SINGLE,
) -> Penalty:
    """Gradient penalty of a step: its settings and its random numbers.

    Weights of R1 and R2 grow with H W / batch size (Karras et al. 2020, StyleGAN2-ADA, appendix C).
    """
    weight = config.penalty.weight * schedule.penalty_scale
    size = config.network.size_at(schedule.judged.resolution)
    if OBJECTIVES[config.objective.name].scales_with_image:
        weight *= math.prod(size) / schedule.batch_size
    source = generator_at(config.seed, Stream.PENALTY, schedule.images_shown)
    mix = onto_device(processes.shard(uniform(source, schedule.batch_size, 1, 1, 1)), device)
    noise = None
    if config.penalty.kind == "finite-difference":
        source = generator_at(config.seed, Stream.PENALTY_NOISE, schedule.images_shown)
        count = penalised_count(schedule.batch_size, config.penalty.share)
        noise = normal(source, 2, count, config.network.channels, *size)
        noise = onto_device(noise[:, processes.share], device)
    return Penalty(
        weight=weight,
        share=config.penalty.share,
        target=config.penalty.target,
        drift=config.penalty.drift,
        mix=mix,
        kind=config.penalty.kind,
        sigma=config.penalty.sigma,
        noise=noise,
        processes=processes.count,
    )


def is_due(schedule: ScheduleState, interval: int) -> bool:
    """True in the first of every `interval` steps."""
    return schedule.images_shown // schedule.batch_size % interval == 0


def without_lazy_terms(penalty: Penalty, interval: int) -> Penalty:
    """Penalty of the main update: none if it has an update of its own."""
    return penalty if interval == 1 else replace(penalty, weight=0.0)


def lazily_penalised(context: StepContext, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Terms:
    """Update the discriminator by its penalty alone, if that is lazy and due; return the terms."""
    state, config, interval = context.state, context.config, context.config.penalty.interval
    if interval == 1 or not penalty.weight or not is_due(context.schedule, interval):
        return {}
    terms: Terms = {}
    with kernels_cached(state.discriminator):
        for side, name in enumerate(OBJECTIVES[config.objective.name].lazy):
            images = fakes if side else reals
            _, norm = scores_and_gradient_norm(context.score, images, penalty, side)
            terms[name] = interval * penalty.weight / 2 * norm
    context.update(state.discriminator_optimizer, terms, context.discriminator_rate)
    return terms


def path_length_regularised(context: StepContext) -> Terms:
    """Update the generator by the deviation of path lengths from their mean, if it is due.

    A path length is the norm of the gradient of an image in a random direction, with respect to its
    styles (section 3.2, equation 4). The mean moves with each computation, and is kept in
    checkpoints.
    """
    state, config, style = context.state, context.config, context.config.style
    generator = state.generator
    if not isinstance(generator, StyleganGenerator) or not style.path_length_weight:
        return {}
    watched = {PATH_LENGTH: state.statistics[PATH_LENGTH]}
    if not is_due(context.schedule, style.path_length_interval):
        return watched
    shown, network = context.schedule.images_shown, config.network
    count = math.ceil(context.schedule.batch_size * style.path_length_share)
    z = normal(generator_at(config.seed, Stream.PATH_LATENTS, shown), count, network.latent_size)
    z = onto_device(z, state.device)
    draws = StyleDraws.at(config, Stream.PATH_STYLES, shown, generator, count)
    directions = normal(
        generator_at(config.seed, Stream.PATH_DIRECTIONS, shown),
        *(count, network.channels, *network.size_at(network.resolution)),
    )
    directions = onto_device(directions, state.device)
    labels = None if context.labels is None else context.labels[:count]
    with autocast(state.device, config):
        lengths = path_lengths(generator, z, labels, draws, directions)
    mean = torch.lerp(
        state.statistics[PATH_LENGTH], lengths.detach().mean(), style.path_length_decay
    )
    weight = style.path_length_interval * style.path_length_weight
    terms = {"path_length": weight * (lengths - mean).square().mean()}
    context.update(state.generator_optimizer, terms, context.generator_rate)
    state.statistics[PATH_LENGTH] = mean
    return terms | {PATH_LENGTH: mean}
