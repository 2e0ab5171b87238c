"""Images of a network whose layers have styles, as training draws them: mixed, with fresh noise.

Owns their random numbers, and path lengths. Knows no loss, optimizer or schedule.
Source: Karras et al. 2019 (StyleGAN), section 3.1; Karras et al. 2020 (StyleGAN2), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from models.families.stylegan.generator import StyleganGenerator
from training.device_copies import onto_device
from training.game.settings import StepSettings
from training.objectives.rng import Stream, generator_at, normal, uniform

SMALLEST_SQUARE = (
    1e-12  # lower bound of a squared length; the derivative of its root is infinite at 0
)


@dataclass(frozen=True)
class StyleDraws:
    """Random numbers of a batch of images, on the device of the generator.

    Attributes:
        second: latents `[N, L]` of the second styles; None without mixing.
        first_layers: number of the first layer with the second style, int64 `[N]`; the number of
            layers for images with one style.
        noise: maps `[N, 1, h, w]`, one for each layer with noise.
    """

    second: Tensor | None
    first_layers: Tensor
    noise: Sequence[Tensor]

    @classmethod
    def at(
        cls,
        config: StepSettings,
        stream: Stream,
        images_shown: int,
        generator: StyleganGenerator,
        count: int,
    ) -> Self:
        """Draw the numbers of `count` images of a stream and step."""
        source = generator_at(config.seed, stream, images_shown)
        device, layers = next(generator.parameters()).device, generator.style_layers
        second = normal(source, count, config.network.latent_size)
        chosen, place = uniform(source, 2, count)
        others = 1 + (place * (layers - 1)).long()
        firsts = torch.where(chosen < config.style.mixing, others, layers)
        shapes = [layer.noise.shape[1:] for layer in generator.styled_layers]
        noise = [onto_device(normal(source, count, *shape), device) for shape in shapes]
        mixed = onto_device(second, device) if config.style.mixing else None
        return cls(mixed, onto_device(firsts, device), noise)


def styles_of(
    generator: StyleganGenerator, z: Tensor, labels: Tensor | None, draws: StyleDraws
) -> Tensor:
    """Styles of all layers `[N, layers, S]` of latents `z`; the second style has the same class."""
    styles = generator.styles(z, labels)[:, None].expand(-1, generator.style_layers, -1)
    if draws.second is None:
        return styles
    layers = torch.arange(generator.style_layers, device=z.device)
    is_first = (layers < draws.first_layers[:, None])[:, :, None]
    return torch.where(is_first, styles, generator.styles(draws.second, labels)[:, None])


def styled_images(
    generator: StyleganGenerator, z: Tensor, labels: Tensor | None, draws: StyleDraws
) -> Tensor:
    """Images `[N, C, H, W]` of latents `z` with classes `labels`."""
    return generator.draw(styles_of(generator, z, labels, draws), draws.noise)


def path_lengths(
    generator: StyleganGenerator,
    z: Tensor,
    labels: Tensor | None,
    draws: StyleDraws,
    directions: Tensor,
) -> Tensor:
    """Path lengths `[N]`, differentiable: root mean square over the layers.

    Args:
        generator: the network.
        z: latents `[N, L]`.
        labels: classes, int64 `[N]`; None without classes.
        draws: second styles and noise.
        directions: standard normal numbers `[N, C, H, W]`.
    """
    styles = styles_of(generator, z, labels, draws)
    images = generator.draw(styles, draws.noise)
    pixels = math.prod(images.shape[2:])
    along = (images * directions).sum() / math.sqrt(pixels)
    (gradient,) = torch.autograd.grad(along, styles, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).clamp_min(SMALLEST_SQUARE).sqrt()
