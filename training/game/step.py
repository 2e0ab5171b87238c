"""One turn of the game: discriminator, generator, average.

Owns `take_step`. Knows no data set, schedule or file: it is given the moment, the
real pictures and the random numbers of the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.optim import Adam

from models.families.progan.growth import fade_images
from models.layers import kernels_kept
from models.picture import Pixels
from models.pixels import from_pixels
from training.config.config import BF16, TrainingConfig
from training.data.stream import Indices
from training.distributed import Processes
from training.game.ema import decay_of, update_average
from training.game.optimise import optimizer_step
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.objectives.augment import DRAWS, augment
from training.objectives.losses import OBJECTIVES, Terms, acgan_terms
from training.objectives.rng import Stream, generator_at, normal, uniform
from training.objectives.step_penalty import penalty_at

Numbers = dict[str, float]


@dataclass(frozen=True)
class StepContext:
    """What both turns of one step have in common; `labels` are those of the batch."""

    players: TrainingState
    moment: ScheduleState
    config: TrainingConfig
    images_shown: int
    labels: Tensor | None
    strength: float

    def score(self, images: Tensor, first: int = 0) -> Tensor:
        """Scores `[n]`, fp32, of images that begin at place `first` of the batch."""
        part = None if self.labels is None else self.labels[first : first + len(images)]
        with autocast(self.players.device, self.config):
            return self.players.discriminator(images, self.moment.growth, part)

    def naming(self, **sides: Tensor) -> Terms:
        """How badly the classes of whole batches are named, where a second head names them."""
        if self.labels is None or self.config.labels != "acgan":
            return {}
        classify, growth = self.players.discriminator.classify, self.moment.growth
        with autocast(self.players.device, self.config):
            named = {name: classify(images, growth) for name, images in sides.items()}
        return acgan_terms(named, self.labels, self.config.label_weight)

    def fakes(self, purpose: Stream) -> Tensor:
        """Fake images `[N, C, R, R]`, fp32, from the latents of this step and purpose."""
        config, growth = self.config, self.moment.growth
        source = generator_at(config.seed, purpose, self.images_shown)
        z = normal(source, self.moment.batch_size, config.network.latent_size)
        z = self.players.together.shard(z).to(self.players.device)
        with autocast(self.players.device, config):
            return self.players.generator(z, growth, self.labels)

    def shown(self, images: Tensor, purpose: Stream) -> Tensor:
        """Images as the discriminator sees them, by the numbers of this step and purpose."""
        config, together = self.config, self.players.together
        if not config.augment:
            return images
        source = generator_at(config.seed, purpose, self.images_shown)
        chance = together.shard(uniform(source, len(images) * together.count, DRAWS))
        return augment(images, config.augment, self.strength, chance.to(images.device))

    def optimizer_step(self, optimizer: Adam, terms: Terms, rate: float) -> None:
        """One player learns."""
        optimizer_step(
            optimizer, terms, rate, self.moment, self.images_shown, self.players.together
        )


def take_step(
    players: TrainingState,
    moment: ScheduleState,
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
    labels = labels_on(players.device, config, classes)
    scene = StepContext(players, moment, config, images_shown, labels, strength)
    reals = from_pixels(torch.from_numpy(pixels).to(players.device, non_blocking=True))
    reals = scene.shown(fade_images(reals, moment.growth), Stream.AUGMENT_REALS)
    fakes = scene.fakes(Stream.LATENTS)

    terms = discriminator_turn(scene, reals, fakes.detach())
    if not config.reuse_fakes:
        fakes = scene.fakes(Stream.GENERATOR_LATENTS)
    terms |= generator_turn(scene, reals, fakes)

    update_average(players.average, players.generator, decay_of(config, moment, images_shown))
    return read_numbers(terms, players.together)


def discriminator_turn(scene: StepContext, reals: Tensor, fakes: Tensor) -> Terms:
    """The discriminator's turn; what it came to, losses first."""
    players, moment, config = scene.players, scene.moment, scene.config
    fakes = scene.shown(fakes, Stream.AUGMENT_FAKES)
    penalty = penalty_at(scene.images_shown, config, moment, players)
    with kernels_kept(players.discriminator):
        turn = OBJECTIVES[config.objective].discriminator(scene.score, reals, fakes, penalty)
        terms = turn.terms | scene.naming(class_real=reals, class_fake=fakes)
    scene.optimizer_step(players.discriminator_optimizer, terms, moment.discriminator_rate)
    return terms | turn.watched


def generator_turn(scene: StepContext, reals: Tensor, fakes: Tensor) -> Terms:
    """The generator's turn, in which the discriminator only passes gradients on."""
    players, config = scene.players, scene.config
    fakes = scene.shown(fakes, Stream.AUGMENT_GENERATOR)
    players.discriminator.requires_grad_(False)
    with kernels_kept(players.discriminator):
        turn = OBJECTIVES[config.objective].generator(scene.score, reals, fakes)
        terms = turn.terms | scene.naming(class_generator=fakes)
    players.discriminator.requires_grad_(True)
    scene.optimizer_step(players.generator_optimizer, terms, scene.moment.learning_rate)
    return terms


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


def autocast(device: torch.device, config: TrainingConfig) -> torch.autocast:
    """Run convolutions in bf16 where the configuration says so."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == BF16)


def read_numbers(terms: Terms, together: Processes) -> Numbers:
    """All terms as plain numbers, of the whole batch, in one transfer from the device."""
    stacked = together.mean(torch.stack([value.detach() for value in terms.values()]))
    return dict(zip(terms, cast("list[float]", stacked.tolist()), strict=True))
