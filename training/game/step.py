"""One training step: the discriminator's update, the generator's, and the averaged generator's.

Owns `take_step`, and the penalty settings of a step. Knows no data set and no file: the state of
the schedule, the real images and their classes are arguments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from models.growth import fade_images
from models.layers import kernels_cached
from models.picture import Pixels
from models.pixels import from_pixels
from training.config.config import TrainingConfig
from training.config.groups import BF16
from training.data.stream import Indices
from training.distributed import SINGLE, Processes
from training.game.critic import averaged_over, generator_is_due
from training.game.ema import decay_of, update_average
from training.game.optimise import clip_weights, optimizer_step
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.objectives.augment import DRAWS, augment, rolled
from training.objectives.gradient_penalty import Penalty, penalised_count
from training.objectives.losses import OBJECTIVES, Terms, acgan_terms
from training.objectives.rng import Stream, generator_at, normal, uniform

Numbers = dict[str, float]
ROLLS = {
    Stream.AUGMENT_REALS: Stream.ROLL_REALS,
    Stream.AUGMENT_FAKES: Stream.ROLL_FAKES,
    Stream.AUGMENT_GENERATOR: Stream.ROLL_GENERATOR,
}


@dataclass(frozen=True)
class StepContext:
    """Inputs that both updates of one step share.

    Attributes:
        state: networks and optimizers.
        schedule: growth, images shown, size of the whole batch.
        config: of the run.
        processes: division of the batch.
        labels: classes of this process's share of the batch, int64 `[N]`; None without classes.
        strength: of augmentation, 0 to 1.
    """

    state: TrainingState
    schedule: ScheduleState
    config: TrainingConfig
    processes: Processes
    labels: Tensor | None
    strength: float

    def score(self, images: Tensor, first: int = 0) -> Tensor:
        """Scores `[n]`, fp32, of images that begin at index `first` of the batch."""
        part = None if self.labels is None else self.labels[first : first + len(images)]
        with autocast(self.state.device, self.config):
            return self.state.discriminator(images, self.schedule.growth, part)

    def class_terms(self, **batches: Tensor) -> Terms:
        """AC-GAN terms of whole batches, by their names; empty without an AC-GAN head."""
        if self.labels is None or self.config.objective.labels != "acgan":
            return {}
        classify, growth = self.state.discriminator.classify, self.schedule.growth
        with autocast(self.state.device, self.config):
            scores = {name: classify(images, growth) for name, images in batches.items()}
        return acgan_terms(scores, self.labels, self.config.objective.label_weight)

    def generate(self, stream: Stream) -> Tensor:
        """Fake images `[N, C, H, W]`, fp32, from latents of this stream and step."""
        source = generator_at(self.config.seed, stream, self.schedule.images_shown)
        z = normal(source, self.schedule.batch_size, self.config.network.latent_size)
        z = self.processes.shard(z).to(self.state.device)
        with autocast(self.state.device, self.config):
            return self.state.generator(z, self.schedule.growth, self.labels)

    def augmented(self, images: Tensor, stream: Stream) -> Tensor:
        """Images augmented with the random numbers of this stream and step."""
        images = self.rolled(images, stream)
        if not self.config.augmentation.policy:
            return images
        source = generator_at(self.config.seed, stream, self.schedule.images_shown)
        numbers = uniform(source, len(images) * self.processes.count, DRAWS)
        numbers = self.processes.shard(numbers).to(images.device)
        return augment(images, self.config.augmentation.policy, self.strength, numbers)

    def rolled(self, images: Tensor, stream: Stream) -> Tensor:
        """Images rolled at random, for a generator whose images tile.

        The discriminator then sees the joint of opposite edges at any place, and no edge. Real
        images are rolled only on request, since most do not join at their edges.
        """
        if not self.config.network.tiling:
            return images
        if stream is Stream.AUGMENT_REALS and not self.config.augmentation.roll_reals:
            return images
        source = generator_at(self.config.seed, ROLLS[stream], self.schedule.images_shown)
        return rolled(images, uniform(source, 2))

    def update(self, optimizer: Optimizer, terms: Terms, rate: float) -> None:
        """Take one optimizer step of one network on the sum of its loss terms."""
        optimizer_step(optimizer, terms, rate, self.schedule, self.processes)


def take_step(
    state: TrainingState,
    schedule: ScheduleState,
    config: TrainingConfig,
    pixels: Pixels,
    classes: Indices | None = None,
    strength: float = 0.0,
    processes: Processes = SINGLE,
) -> Numbers:
    """Update discriminator, generator and averaged generator once.

    Args:
        state: changed in place.
        schedule: growth, size of the whole batch, learning rates; `images_shown` seeds every
            random draw.
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
        NonFiniteLossError: a loss is not finite; its network is not updated.
    """
    labels = labels_on(state.device, config, classes)
    context = StepContext(state, schedule, config, processes, labels, strength)
    reals = from_pixels(torch.from_numpy(pixels).to(state.device, non_blocking=True))
    reals = context.augmented(fade_images(reals, schedule.growth), Stream.AUGMENT_REALS)
    with torch.set_grad_enabled(generator_is_due(config, schedule)):
        fakes = context.generate(Stream.LATENTS)

    terms = update_discriminator(context, reals, fakes.detach())
    if generator_is_due(config, schedule):
        if not config.objective.reuse_fakes:
            fakes = context.generate(Stream.GENERATOR_LATENTS)
        terms |= averaged_over(
            config.objective.critic_steps, update_generator(context, reals, fakes)
        )

    update_average(state.average, state.generator, decay_of(config, schedule))
    return read_numbers(terms, processes)


def update_discriminator(context: StepContext, reals: Tensor, fakes: Tensor) -> Terms:
    """Update the discriminator; return its loss terms, then its mean scores."""
    state, schedule, config = context.state, context.schedule, context.config
    fakes = context.augmented(fakes, Stream.AUGMENT_FAKES)
    penalty = penalty_at(config, schedule, state.device, context.processes)
    with kernels_cached(state.discriminator):
        loss = OBJECTIVES[config.objective.name].discriminator(context.score, reals, fakes, penalty)
        terms = loss.terms | context.class_terms(class_real=reals, class_fake=fakes)
    context.update(state.discriminator_optimizer, terms, schedule.discriminator_rate)
    if config.optimizer.weight_clip:
        clip_weights(state.discriminator, config.optimizer.weight_clip)
    return terms | loss.watched


def update_generator(context: StepContext, reals: Tensor, fakes: Tensor) -> Terms:
    """Update the generator through the frozen discriminator; return its loss terms."""
    state, config = context.state, context.config
    fakes = context.augmented(fakes, Stream.AUGMENT_GENERATOR)
    state.discriminator.requires_grad_(False)
    with kernels_cached(state.discriminator):
        loss = OBJECTIVES[config.objective.name].generator(context.score, reals, fakes)
        terms = loss.terms | context.class_terms(class_generator=fakes)
    state.discriminator.requires_grad_(True)
    context.update(state.generator_optimizer, terms, context.schedule.learning_rate)
    return terms


def penalty_at(
    config: TrainingConfig,
    schedule: ScheduleState,
    device: torch.device,
    processes: Processes = SINGLE,
) -> Penalty:
    """Gradient penalty of a step: its settings and its random numbers.

    Weights of R1 and R2 grow with H W / batch size (Karras et al. 2020, StyleGAN2-ADA, appendix C).
    """
    weight = config.penalty.weight * schedule.penalty_scale
    size = config.network.size_at(schedule.growth.resolution)
    if OBJECTIVES[config.objective.name].scales_with_image:
        weight *= math.prod(size) / schedule.batch_size
    source = generator_at(config.seed, Stream.PENALTY, schedule.images_shown)
    mix = processes.shard(uniform(source, schedule.batch_size, 1, 1, 1)).to(device)
    noise = None
    if config.penalty.kind == "finite-difference":
        source = generator_at(config.seed, Stream.PENALTY_NOISE, schedule.images_shown)
        count = penalised_count(schedule.batch_size, config.penalty.share)
        noise = normal(source, 2, count, config.network.channels, *size)
        noise = noise[:, processes.share].to(device)
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


def labels_on(
    device: torch.device, config: TrainingConfig, classes: Indices | None
) -> Tensor | None:
    """Class labels of a batch for the networks, int64 `[N]`; None for networks without classes.

    Raises:
        ValueError: the network has classes, but the images have none.
    """
    if not config.network.classes:
        return None
    if classes is None:
        raise ValueError(f"a network of {config.network.classes} classes needs those of its images")
    return torch.from_numpy(classes).to(device)


def autocast(device: torch.device, config: TrainingConfig) -> torch.autocast:
    """Autocast context: convolutions run in bf16 if `config.precision` is bf16."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == BF16)


def read_numbers(terms: Terms, processes: Processes) -> Numbers:
    """All terms as Python floats, of the whole batch, in one transfer from the device."""
    stacked = processes.mean(torch.stack([value.detach() for value in terms.values()]))
    return dict(zip(terms, cast("list[float]", stacked.tolist()), strict=True))
