"""One turn of the game: discriminator, generator, average.

Owns `take_step`. Knows no data set, schedule or file: it is given the moment, the
real pictures and the random numbers of the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from models.growth import fade_images
from models.pixels import Pixels, from_pixels
from training.augment import DRAWS, augment
from training.chance import Purpose, generator_at, normal, uniform
from training.config import TrainingConfig
from training.data import Indices
from training.descent import descend
from training.ema import decay_of, update_average
from training.losses import OBJECTIVES, Terms, acgan_terms
from training.players import Players
from training.schedule import Moment
from training.slopes import Penalty, penalised_count
from training.together import Together

Numbers = dict[str, float]


@dataclass(frozen=True)
class Judge:
    """The discriminator as the games know it, in one step; `labels` are those of the batch."""

    players: Players
    moment: Moment
    config: TrainingConfig
    labels: Tensor | None

    def score(self, images: Tensor, first: int = 0) -> Tensor:
        """Scores `[n]`, fp32, of images that begin at place `first` of the batch."""
        part = None if self.labels is None else self.labels[first : first + len(images)]
        with autocast(self.players.device, self.config):
            return self.players.discriminator(images, self.moment.growth, part).float()

    def naming(self, **sides: Tensor) -> Terms:
        """How badly the classes of whole batches are named, where a second head names them."""
        if self.labels is None or self.config.labels != "acgan":
            return {}
        classify, growth = self.players.discriminator.classify, self.moment.growth
        with autocast(self.players.device, self.config):
            named = {name: classify(images, growth) for name, images in sides.items()}
        return acgan_terms(named, self.labels, self.config.label_weight)


def take_step(
    players: Players,
    moment: Moment,
    config: TrainingConfig,
    pixels: Pixels,
    images_shown: int,
    classes: Indices | None = None,
    strength: float = 0.0,
) -> Numbers:
    """Play one turn.

    Args:
        players: changed in place.
        moment: growth, size of the whole batch, and learning rate.
        config: the objective and its weights.
        pixels: real images, uint8 `[N, H, W, C]`: this process's share of the batch.
        images_shown: before this step; decides every random number.
        classes: of the real images, `[N]`, where the network has classes. The fake images are of
            the same, in the same order, so that pairs and mixtures are each of one class.
        strength: of augmentation, where there is some.

    Returns:
        The terms of both losses and the mean scores.

    Raises:
        NonFiniteLossError: nothing is updated by the player whose loss it was.
    """
    objective = OBJECTIVES[config.objective]
    reals = from_pixels(torch.from_numpy(pixels).to(players.device, non_blocking=True))
    reals = fade_images(reals, moment.growth)
    labels = labels_on(players.device, config, classes)
    judge = Judge(players, moment, config, labels)

    def shown(images: Tensor, purpose: Purpose) -> Tensor:
        return augmented(players, images, config, strength, purpose, images_shown)

    # The discriminator's turn.
    fakes = generate(players, moment, config, Purpose.LATENTS, images_shown, labels)
    seen = shown(reals, Purpose.AUGMENT_REALS)
    false = shown(fakes.detach(), Purpose.AUGMENT_FAKES)
    penalty = penalty_at(images_shown, config, moment, players)
    turn = objective.discriminator(judge.score, seen, false, penalty)
    terms = turn.terms | judge.naming(class_real=seen, class_fake=false)
    here = moment, images_shown, players.together
    descend(players.discriminator_optimizer, terms, moment.discriminator_rate, *here)

    # The generator's turn; the discriminator only passes gradients on.
    if not config.reuse_fakes:
        fakes = generate(players, moment, config, Purpose.GENERATOR_LATENTS, images_shown, labels)
    false = shown(fakes, Purpose.AUGMENT_GENERATOR)
    players.discriminator.requires_grad_(False)
    answer = objective.generator(judge.score, seen, false)
    replies = answer.terms | judge.naming(class_generator=false)
    players.discriminator.requires_grad_(True)
    descend(players.generator_optimizer, replies, moment.learning_rate, *here)

    update_average(players.average, players.generator, decay_of(config, moment, images_shown))
    return read_numbers(terms | turn.watched | replies, players.together)


def labels_on(
    device: torch.device, config: TrainingConfig, classes: Indices | None
) -> Tensor | None:
    """The classes of a batch as the networks take them, int64 `[N]`; None where they take none.

    Raises:
        ValueError: the network has classes, the pictures have none.
    """
    if not config.network.classes:
        return None
    if classes is None:
        raise ValueError(f"a network of {config.network.classes} classes needs those of its images")
    return torch.from_numpy(classes).to(device)


def generate(
    players: Players,
    moment: Moment,
    config: TrainingConfig,
    purpose: Purpose,
    images_shown: int,
    labels: Tensor | None = None,
) -> Tensor:
    """Fake images `[N, C, R, R]`, fp32, of `labels`, from the latents of this step."""
    source = generator_at(config.seed, purpose, images_shown)
    z = normal(source, moment.batch_size, config.network.latent_size)
    z = players.together.own(z).to(players.device)
    with autocast(players.device, config):
        return players.generator(z, moment.growth, labels).float()


def augmented(
    players: Players,
    images: Tensor,
    config: TrainingConfig,
    strength: float,
    purpose: Purpose,
    images_shown: int,
) -> Tensor:
    """Images as the discriminator sees them, by the numbers of this step and purpose."""
    if not config.augment:
        return images
    source, together = generator_at(config.seed, purpose, images_shown), players.together
    chance = together.own(uniform(source, len(images) * together.count, DRAWS))
    return augment(images, config.augment, strength, chance.to(images.device))


def autocast(device: torch.device, config: TrainingConfig) -> torch.autocast:
    """Run convolutions in bf16 where the configuration says so."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16")


def penalty_at(
    images_shown: int, config: TrainingConfig, moment: Moment, players: Players
) -> Penalty:
    """The penalty of this step; R1 and R2 weights follow the rule of StyleGAN2-ADA."""
    weight, together = config.penalty_weight * moment.penalty_scale, players.together
    size = config.network.size_at(moment.growth.resolution)
    if OBJECTIVES[config.objective].scales_with_image:
        weight *= math.prod(size) / moment.batch_size
    source = generator_at(config.seed, Purpose.PENALTY, images_shown)
    mix = together.own(uniform(source, moment.batch_size, 1, 1, 1)).to(players.device)
    penalty = Penalty(
        *(weight, config.penalty_share, config.penalty_target, config.drift, mix),
        processes=together.count,
    )
    if config.penalty == "exact":
        return penalty
    source = generator_at(config.seed, Purpose.PENALTY_NOISE, images_shown)
    count = penalised_count(moment.batch_size, config.penalty_share)
    noise = normal(source, 2, count, config.network.channels, *size)
    noise = noise[:, together.share].to(players.device)
    return replace(penalty, kind=config.penalty, sigma=config.penalty_sigma, noise=noise)


def read_numbers(terms: Terms, together: Together) -> Numbers:
    """All terms as plain numbers, of the whole batch, in one transfer from the device."""
    stacked = together.mean(torch.stack([value.detach() for value in terms.values()]))
    return dict(zip(terms, cast("list[float]", stacked.tolist()), strict=True))
