"""One training step of a StarGAN: the discriminator, the one generator, the averaged generator.

Owns the losses of a translation into any domain, and the choice of these domains. Knows no data set
and no file.
Source: Choi et al. 2018, sections 3.1 and 4.3.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.families.stargan.generator import StarganGenerator
from models.picture import Pixels
from models.pixels import from_pixels
from training.config.config import TrainingConfig
from training.data.stream import Indices
from training.device_copies import onto_device
from training.distributed import SINGLE
from training.game.context import StepContext, autocast
from training.game.critic import averaged_over, generator_is_due
from training.game.ema import update_average
from training.game.regularise import penalty_at
from training.game.schedule import ScheduleState
from training.game.state import StepState, TrainingState
from training.game.step import labels_on
from training.game.step_numbers import StepNumbers
from training.objectives.losses import OBJECTIVES, Terms, acgan_terms
from training.objectives.rng import Stream, generator_at


def begin_multi_domain_step(
    state: TrainingState,
    schedule: ScheduleState,
    config: TrainingConfig,
    pixels: Pixels,
    classes: Indices | None,
) -> StepNumbers:
    """Update discriminator, averaged generator and, every `critic_steps` steps, the generator.

    Args:
        state: of a StarGAN, changed in place.
        schedule: `images_shown` seeds every random draw.
        config: the weights of the losses.
        pixels: real pictures of all domains, uint8 or uint16 `[N, H, W, C]`.
        classes: their domains, `[N]`.

    Returns:
        The terms of all losses and the mean scores.

    Raises:
        TypeError: the networks are of another family.
        ValueError: the pictures have no domains.
        NonFiniteLossError: a loss is not finite; its network is not updated. On CUDA the numbers
            raise it when they are read.
    """
    labels = labels_on(state.device, config, classes)
    if labels is None:
        raise ValueError("a translation needs the domains of its pictures")
    targets = target_domains(labels, config, schedule)
    context = StepContext(state, schedule, config, SINGLE, labels, 0.0)
    reals = from_pixels(onto_device(torch.from_numpy(pixels), state.device))
    is_due = generator_is_due(config, schedule)
    with torch.set_grad_enabled(is_due), autocast(state.device, config):
        fakes = translator_of(state).translate(reals, targets)
    terms = update_critic(context, reals, fakes.detach(), labels)
    if is_due:
        weight = config.translation.cycle_weight
        made = update_translator(context, weight, reals, fakes, labels, targets)
        terms |= averaged_over(config.objective.critic_steps, made)
    update_average(state.average, state.generator, schedule.average_decay)
    return StepNumbers(terms, context.checks, SINGLE)


def target_domains(labels: Tensor, config: TrainingConfig, schedule: ScheduleState) -> Tensor:
    """The domain into which each picture is translated: those of the batch in another order.

    So domains are as frequent among the fakes as among the reals; some pictures stay in theirs.
    """
    source = generator_at(config.seed, Stream.TARGET_DOMAINS, schedule.images_shown)
    order = torch.from_numpy(source.permutation(len(labels)))
    return labels[order.to(labels.device)]


def update_critic(context: StepContext, reals: Tensor, fakes: Tensor, labels: Tensor) -> Terms:
    """Update the discriminator, which names the domains of real pictures alone.

    Returns its loss terms, then its mean scores.
    """
    state, config = context.state, context.config
    penalty = penalty_at(config, context.schedule, state.device)
    loss = OBJECTIVES[config.objective.name].discriminator(context.score, reals, fakes, penalty)
    terms = loss.terms | class_term(context, "class_real", reals, labels)
    context.update(state.discriminator_optimizer, terms, context.discriminator_rate)
    return terms | loss.watched


def update_translator(
    context: StepContext,
    cycle_weight: float,
    reals: Tensor,
    fakes: Tensor,
    labels: Tensor,
    targets: Tensor,
) -> Terms:
    """Update the generator through the frozen discriminator; return its loss terms.

    Args:
        context: of the step.
        cycle_weight: of the L1 distance between a picture and itself, translated and back.
        reals: pictures of the domains `labels`.
        fakes: their translations into the domains `targets`, with gradient.
        labels: int64 `[N]`.
        targets: int64 `[N]`.
    """
    state, config = context.state, context.config
    state.discriminator.requires_grad_(False)
    loss = OBJECTIVES[config.objective.name].generator(context.score, reals, fakes)
    terms = loss.terms | class_term(context, "class_generator", fakes, targets)
    with autocast(state.device, config):
        back = translator_of(state).translate(fakes, labels)
    terms["cycle"] = cycle_weight * F.l1_loss(back, reals)
    state.discriminator.requires_grad_(True)
    context.update(state.generator_optimizer, terms, context.generator_rate)
    return terms


def class_term(context: StepContext, name: str, images: Tensor, domains: Tensor) -> Terms:
    """Cross-entropy of the domains that the discriminator names, weighted."""
    state, config = context.state, context.config
    with autocast(state.device, config):
        logits = state.discriminator.classify(images, context.schedule.growth)
    return acgan_terms({name: logits}, domains, config.objective.label_weight)


def translator_of(state: StepState) -> StarganGenerator:
    """The generator of a state of this family.

    Raises:
        TypeError: it is of another one.
    """
    if not isinstance(state.generator, StarganGenerator):
        raise TypeError(
            f"a translation between many domains needs a StarGAN, not a "
            f"{type(state.generator).__name__}"
        )
    return state.generator
