"""The inputs that both updates of one training step share, and the images they score.

Owns `StepContext`: fake images, augmentation, scores, and the rate of an optimizer step. Knows no
loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from models.crops import Crops
from models.families.progan.generator import Generator
from models.families.stylegan.generator import StyleganGenerator
from training.config.groups import BF16
from training.device_copies import onto_device
from training.distributed import Processes
from training.game.optimise import FiniteCheck, optimizer_step
from training.game.schedule import ScheduleState
from training.game.settings import StepSettings
from training.game.state import StepState, lazy_share, path_length_interval
from training.game.styles import StyleDraws, styled_images
from training.objectives.augment import DRAWS, augment, rolled
from training.objectives.losses import Terms, acgan_terms
from training.objectives.rng import Stream, generator_at, normal, uniform

Numbers = dict[str, float]
ROLLS = {
    Stream.AUGMENT_REALS: Stream.ROLL_REALS,
    Stream.AUGMENT_FAKES: Stream.ROLL_FAKES,
    Stream.AUGMENT_GENERATOR: Stream.ROLL_GENERATOR,
}
STYLES = {Stream.LATENTS: Stream.STYLES, Stream.GENERATOR_LATENTS: Stream.GENERATOR_STYLES}


class Fakes(NamedTuple):
    """Fake images of a step.

    Attributes:
        images: `[N, C, H, W]`, fp32.
        references: `[N, C, H / s, W / s]`, smaller pictures that crops are to agree with; None
            where they need not.
    """

    images: Tensor
    references: Tensor | None = None

    @property
    def agreement(self) -> Tensor:
        """Mean squared difference between the images, reduced by averaging, and the references.

        Raises:
            ValueError: there are no references.
        """
        if self.references is None:
            raise ValueError("these images have no references")
        times = self.images.shape[2] // self.references.shape[2]
        return F.mse_loss(F.avg_pool2d(self.images, times), self.references)


@dataclass(frozen=True)
class StepContext:
    """Inputs that both updates of one step share.

    Attributes:
        state: networks and optimizers.
        schedule: growth, images shown, size of the whole batch.
        config: settings of the step.
        processes: division of the batch.
        labels: classes of this process's share of the batch, int64 `[N]`; None without classes.
        strength: of augmentation, 0 to 1.
        crops: places of the crops in real and fake images; None for whole images.
        checks: of the updates so far, if they are to be required later.
    """

    state: StepState
    schedule: ScheduleState
    config: StepSettings
    processes: Processes
    labels: Tensor | None
    strength: float
    crops: Crops | None = None
    checks: list[FiniteCheck] = field(default_factory=list[FiniteCheck])

    @property
    def generator_rate(self) -> float:
        """Learning rate of the generator's optimizer."""
        share = lazy_share(path_length_interval(self.config))
        return share * self.schedule.learning_rate

    @property
    def discriminator_rate(self) -> float:
        """Learning rate of the discriminator's optimizer."""
        return lazy_share(self.config.penalty.interval) * self.schedule.discriminator_rate

    def score(self, images: Tensor, first: int = 0) -> Tensor:
        """Scores `[n]`, fp32, of images that begin at index `first` of the batch."""
        part = None if self.labels is None else self.labels[first : first + len(images)]
        with autocast(self.state.device, self.config):
            return self.state.discriminator(images, self.schedule.judged, part)

    def class_terms(self, **batches: Tensor) -> Terms:
        """AC-GAN terms of whole batches, by their names; empty without an AC-GAN head."""
        if self.labels is None or self.config.objective.labels != "acgan":
            return {}
        classify, growth = self.state.discriminator.classify, self.schedule.judged
        with autocast(self.state.device, self.config):
            scores = {name: classify(images, growth) for name, images in batches.items()}
        return acgan_terms(scores, self.labels, self.config.objective.label_weight)

    def generate(self, stream: Stream) -> Fakes:
        """Fake images from latents of this stream and step."""
        source = generator_at(self.config.seed, stream, self.schedule.images_shown)
        z = normal(source, self.schedule.batch_size, self.config.network.latent_size)
        z = onto_device(self.processes.shard(z), self.state.device)
        generator = self.state.generator
        with autocast(self.state.device, self.config):
            if self.crops and isinstance(generator, Generator):
                place = (self.schedule.growth, self.crops, self.labels)
                if self.schedule.consistency:
                    return Fakes(*generator.consistent_crops(z, *place))
                return Fakes(generator.crops(z, *place))
            if not isinstance(generator, StyleganGenerator):
                return Fakes(generator(z, self.schedule.growth, self.labels))
            shown, streams = self.schedule.images_shown, STYLES[stream]
            draws = StyleDraws.at(self.config, streams, shown, generator, len(z))
            return Fakes(styled_images(generator, z, self.labels, draws))

    def augmented(self, images: Tensor, stream: Stream) -> Tensor:
        """Images augmented with the random numbers of this stream and step."""
        images = self.rolled(images, stream)
        if not self.config.augmentation.policy:
            return images
        source = generator_at(self.config.seed, stream, self.schedule.images_shown)
        numbers = uniform(source, len(images) * self.processes.count, DRAWS)
        numbers = onto_device(self.processes.shard(numbers), images.device)
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
        optimizer_step(optimizer, terms, rate, self.schedule, self.processes, self.checks)


def autocast(device: torch.device, config: StepSettings) -> torch.autocast:
    """Autocast context: convolutions run in bf16 if `config.precision` is bf16."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == BF16)
