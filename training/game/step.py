"""One training step: the discriminator's update, the generator's, and the averaged generator's.

Owns `take_step`. Knows no data set and no file: the state of the schedule, the real images and
their classes are arguments.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.growth import fade_images
from models.layers.kernel_layer import kernels_cached
from models.picture import Pixels
from models.pixels import from_pixels
from training.data.stream import Indices
from training.device_copies import onto_device
from training.distributed import SINGLE, Processes
from training.game.context import Fakes, Numbers, StepContext
from training.game.critic import averaged_over, generator_is_due
from training.game.crops import crops_at
from training.game.ema import update_average
from training.game.optimise import clip_weights
from training.game.regularise import (
    lazily_penalised,
    path_length_regularised,
    penalty_at,
    without_lazy_terms,
)
from training.game.schedule import ScheduleState
from training.game.settings import StepSettings
from training.game.state import StepState
from training.game.step_numbers import StepNumbers
from training.objectives.losses import OBJECTIVES, Terms
from training.objectives.rng import Stream


def take_step(
    state: StepState,
    schedule: ScheduleState,
    config: StepSettings,
    pixels: Pixels,
    classes: Indices | None = None,
    strength: float = 0.0,
    processes: Processes = SINGLE,
) -> Numbers:
    """Take a step as `begin_step`, and wait for its numbers.

    Returns:
        The terms of both losses and the mean scores, of the whole batch.

    Raises:
        NonFiniteLossError: a loss is not finite; its network is not updated.
    """
    return begin_step(state, schedule, config, pixels, classes, strength, processes).read()


def begin_step(
    state: StepState,
    schedule: ScheduleState,
    config: StepSettings,
    pixels: Pixels,
    classes: Indices | None = None,
    strength: float = 0.0,
    processes: Processes = SINGLE,
) -> StepNumbers:
    """Update discriminator, generator and averaged generator once.

    On CUDA this does not wait for the device, so the next step can be prepared meanwhile.

    Args:
        state: changed in place.
        schedule: growth, size of the whole batch, learning rates, decay of the averaged generator;
            `images_shown` seeds every random draw.
        config: the objective and its weights.
        pixels: real images, uint8 `[N, H, W, C]`: this process's share of the batch.
        classes: of the real images, `[N]`, if the network has classes. The fake images have the
            same classes in the same order, so that each real-fake pair (RpGAN, WGAN-GP) has one
            class.
        strength: of augmentation, 0 to 1; 0 without augmentation.
        processes: this process's place among all processes.

    Returns:
        The terms of both losses and the mean scores, of the whole batch.

    Raises:
        NonFiniteLossError: a loss is not finite; its network is not updated. On CUDA the numbers
            raise it when they are read.
    """
    labels = labels_on(state.device, config, classes)
    crops = crops_at(config, schedule, processes)
    context = StepContext(state, schedule, config, processes, labels, strength, crops)
    pixels = crops.pixels(pixels) if crops else pixels
    reals = from_pixels(onto_device(torch.from_numpy(pixels), state.device))
    reals = context.augmented(fade_images(reals, schedule.growth), Stream.AUGMENT_REALS)
    with torch.set_grad_enabled(generator_is_due(config, schedule)):
        fakes = context.generate(Stream.LATENTS)

    terms = update_discriminator(context, reals, fakes.images.detach())
    if generator_is_due(config, schedule):
        if not config.objective.reuse_fakes:
            fakes = context.generate(Stream.GENERATOR_LATENTS)
        terms |= averaged_over(
            config.objective.critic_steps, update_generator(context, reals, fakes)
        )

    update_average(state.average, state.generator, schedule.average_decay)
    return StepNumbers(terms, context.checks, processes)


def update_discriminator(context: StepContext, reals: Tensor, fakes: Tensor) -> Terms:
    """Update the discriminator; return its loss terms, then its mean scores."""
    state, schedule, config = context.state, context.schedule, context.config
    fakes = context.augmented(fakes, Stream.AUGMENT_FAKES)
    penalty = penalty_at(config, schedule, state.device, context.processes)
    main = without_lazy_terms(penalty, config.penalty.interval)
    with kernels_cached(state.discriminator):
        loss = OBJECTIVES[config.objective.name].discriminator(context.score, reals, fakes, main)
        terms = loss.terms | context.class_terms(class_real=reals, class_fake=fakes)
    context.update(state.discriminator_optimizer, terms, context.discriminator_rate)
    terms |= lazily_penalised(context, reals, fakes, penalty)
    if config.optimizer.weight_clip:
        clip_weights(state.discriminator, config.optimizer.weight_clip)
    return terms | loss.watched


def update_generator(context: StepContext, reals: Tensor, fakes: Fakes) -> Terms:
    """Update the generator through the frozen discriminator; return its loss terms."""
    state, config = context.state, context.config
    images = context.augmented(fakes.images, Stream.AUGMENT_GENERATOR)
    state.discriminator.requires_grad_(False)
    with kernels_cached(state.discriminator):
        loss = OBJECTIVES[config.objective.name].generator(context.score, reals, images)
        terms = loss.terms | context.class_terms(class_generator=images)
    if fakes.references is not None:
        terms["consistency"] = context.schedule.consistency * fakes.agreement
    state.discriminator.requires_grad_(True)
    context.update(state.generator_optimizer, terms, context.generator_rate)
    return terms | path_length_regularised(context)


def labels_on(device: torch.device, config: StepSettings, classes: Indices | None) -> Tensor | None:
    """Class labels of a batch for the networks, int64 `[N]`; None for networks without classes.

    Raises:
        ValueError: the network has classes, but the images have none.
    """
    if not config.network.classes:
        return None
    if classes is None:
        raise ValueError(f"a network of {config.network.classes} classes needs those of its images")
    return onto_device(torch.from_numpy(classes), device)


def read_numbers(terms: Terms, processes: Processes) -> Numbers:
    """All terms as Python floats, of the whole batch, in one transfer from the device."""
    return StepNumbers(terms, (), processes).read()
