"""One training step of a CycleGAN: both generators, both discriminators, the averaged generators.

Owns the losses of a translation and their order. Knows no data set and no file.
Source: Zhu et al. 2017, sections 3 and 4; the identity term is that of section 5.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.families.cyclegan.config import OTHER_DOMAIN
from models.families.cyclegan.discriminator import CycleganDiscriminator
from models.families.cyclegan.generator import CycleganGenerator
from models.picture import Pixels
from models.pixels import from_pixels
from training.config.config import TrainingConfig
from training.distributed import SINGLE
from training.game.context import autocast
from training.game.ema import update_average
from training.game.fake_pool import exchanged
from training.game.optimise import optimizer_step
from training.game.regularise import penalty_at
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.game.step import Numbers, read_numbers
from training.objectives.gradient_penalty import Score
from training.objectives.losses import OBJECTIVES, Terms
from training.objectives.rng import Stream, generator_at

POOL_STREAMS = (Stream.FAKE_POOL_0, Stream.FAKE_POOL_1)


@dataclass(frozen=True)
class Translations:
    """Pictures of both domains, and what the generators make of them, `[N, C, H, W]` each.

    Attributes:
        reals: by domain.
        fakes: by domain; fake k of domain d is the translation of real k of the other one.
        identities: by domain: its reals after the generator into the same domain; None without an
            identity term.
    """

    reals: tuple[Tensor, Tensor]
    fakes: tuple[Tensor, Tensor]
    identities: tuple[Tensor, Tensor] | None


def take_translation_step(
    state: TrainingState,
    schedule: ScheduleState,
    config: TrainingConfig,
    pixels: Sequence[Pixels],
) -> Numbers:
    """Update both generators, both discriminators and the averaged generators once.

    Args:
        state: of a CycleGAN, changed in place.
        schedule: `images_shown`, of each domain, seeds every random draw.
        config: the weights of the losses.
        pixels: real pictures of each domain, uint8 or uint16 `[N, H, W, C]`, the same number of
            both.

    Returns:
        The terms of all losses, each the sum over both domains, and the mean scores.

    Raises:
        TypeError: the networks are of another family.
        NonFiniteLossError: a loss is not finite; its networks are not updated.
    """
    generator, discriminator = networks_of(state)
    first, second = (from_pixels(torch.from_numpy(each).to(state.device)) for each in pixels)
    with autocast(state.device, config):
        made = translated(generator, (first, second), config.translation.identity_weight > 0)
    terms = update_generators(state, schedule, config, made)
    fakes = tuple(
        earlier_fakes(discriminator, made.fakes[domain].detach(), domain, schedule, config)
        for domain in OTHER_DOMAIN
    )
    objective, penalty = (
        OBJECTIVES[config.objective.name],
        penalty_at(config, schedule, state.device),
    )
    losses = [
        objective.discriminator(
            patch_score(discriminator, config, domain), made.reals[domain], fakes[domain], penalty
        )
        for domain in OTHER_DOMAIN
    ]
    critic = summed([loss.terms for loss in losses])
    optimizer_step(state.discriminator_optimizer, critic, schedule.discriminator_rate, schedule)
    update_average(state.average, state.generator, schedule.average_decay)
    watched = summed([loss.watched for loss in losses])
    halves = {name: value / len(losses) for name, value in watched.items()}
    return read_numbers(terms | critic | halves, SINGLE)


def translated(
    generator: CycleganGenerator, reals: tuple[Tensor, Tensor], identity: bool
) -> Translations:
    """Translate the pictures of both domains; those of the identity term share a batch with them.

    Statistics are those of each picture, so a batch may mix them.
    """
    fakes: list[Tensor] = []
    identities: list[Tensor] = []
    for domain, other in OTHER_DOMAIN.items():
        inputs = torch.cat([reals[other], reals[domain]]) if identity else reals[other]
        images = generator.translate(inputs, domain)
        fakes.append(images[: len(reals[other])])
        identities.append(images[len(reals[other]) :])
    both = (identities[0], identities[1]) if identity else None
    return Translations(reals, (fakes[0], fakes[1]), both)


def update_generators(
    state: TrainingState, schedule: ScheduleState, config: TrainingConfig, made: Translations
) -> Terms:
    """Update both generators through the frozen discriminators; return their loss terms."""
    generator, discriminator = networks_of(state)
    weights, objective = config.translation, OBJECTIVES[config.objective.name]
    discriminator.requires_grad_(False)
    adversarial = summed(
        [
            objective.generator(
                patch_score(discriminator, config, domain),
                made.reals[domain],
                made.fakes[domain],
            ).terms
            for domain in OTHER_DOMAIN
        ]
    )
    with autocast(state.device, config):
        back = [
            generator.translate(made.fakes[OTHER_DOMAIN[domain]], domain) for domain in OTHER_DOMAIN
        ]
    cycles = [F.l1_loss(back[d], made.reals[d]) for d in OTHER_DOMAIN]
    terms = adversarial | {"cycle": weights.cycle_weight * torch.stack(cycles).sum()}
    if made.identities is not None:
        same = [F.l1_loss(made.identities[d], made.reals[d]) for d in OTHER_DOMAIN]
        scale = weights.cycle_weight * weights.identity_weight
        terms["identity"] = scale * torch.stack(same).sum()
    optimizer_step(state.generator_optimizer, terms, schedule.learning_rate, schedule)
    discriminator.requires_grad_(True)
    return terms


def patch_score(discriminator: CycleganDiscriminator, config: TrainingConfig, domain: int) -> Score:
    """The score function of a domain: pictures -> scores of all patches, fp32 `[N * patches]`."""

    def score(images: Tensor, first: int = 0) -> Tensor:  # noqa: ARG001 - a patch has no class
        with autocast(images.device, config):
            return discriminator.patches(images, domain).flatten()

    return score


def earlier_fakes(
    discriminator: CycleganDiscriminator,
    fakes: Tensor,
    domain: int,
    schedule: ScheduleState,
    config: TrainingConfig,
) -> Tensor:
    """The fakes of a domain that its discriminator is shown: new and earlier ones."""
    kept = discriminator.pool(domain)
    if kept is None:
        return fakes
    source = generator_at(config.seed, POOL_STREAMS[domain], schedule.images_shown)
    return exchanged(fakes, *kept, source)


def summed(terms: Sequence[Terms]) -> Terms:
    """Add terms of the same name."""
    return {name: torch.stack([each[name] for each in terms]).sum() for name in terms[0]}


def networks_of(state: TrainingState) -> tuple[CycleganGenerator, CycleganDiscriminator]:
    """The networks of a state of this family.

    Raises:
        TypeError: they are of another one.
    """
    generator, discriminator = state.generator, state.discriminator
    if not isinstance(generator, CycleganGenerator) or not isinstance(
        discriminator, CycleganDiscriminator
    ):
        raise TypeError(f"a translation needs a CycleGAN, not a {type(generator).__name__}")
    return generator, discriminator
