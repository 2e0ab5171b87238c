"""The offer of the StyleGAN2 to training, export and service.

Owns the entry of the table of families, the initial weights and the fixed noise.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.families.stylegan.discriminator import StyleganDiscriminator
from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.layers import MAPPING_RATE, SlowLinear
from models.families.stylegan.synthesis import StyledConv, StyledImage
from models.family import Family
from models.latent import noise_of


@torch.no_grad()
def draw_stylegan_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Draw weights from N(0, 1), in the order of their names; biases and strengths of noise are 0.

    Exceptions: biases of styles are 1, so that a style begins as no change, and weights of the
    mapping network are divided by its learning rate. Fixed noise follows from `models.latent`.
    Source: Karras et al. 2020 (StyleGAN2), appendix B.
    """
    for name, parameter in sorted(network.named_parameters()):
        if name.endswith(("bias", "strength")):
            parameter.zero_()
        else:
            values = source.standard_normal(tuple(parameter.shape), dtype=np.float32)
            parameter.copy_(torch.from_numpy(values))
    for layer in network.modules():
        if isinstance(layer, SlowLinear):
            layer.weight.div_(MAPPING_RATE)
        if isinstance(layer, StyledConv | StyledImage):
            layer.affine.bias.fill_(1.0)
    if isinstance(network, StyleganGenerator):
        for place, layer in enumerate(network.styled_layers):
            noise = torch.from_numpy(noise_of(place, layer.noise.numel()))
            layer.noise.copy_(noise.reshape(layer.noise.shape))


STYLEGAN_FAMILY = Family(
    title="StyleGAN2 (Karras et al. 2020)",
    generator=StyleganGenerator,
    discriminator=StyleganDiscriminator,
    initialise=draw_stylegan_weights,
    labels=("none", "projection"),
    objectives=("logistic-r1", "hinge", "rpgan-r1r2"),
    grows=False,
    fits_exits=False,
    is_distributed=False,
)
