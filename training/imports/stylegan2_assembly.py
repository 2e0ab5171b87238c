"""Weights of another tool as a StyleGAN2 of ours.

Owns the configuration that fits the shapes of its layers, the check of its low-pass filters, and
the finished generator. Knows no names of any tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.layers import low_pass_kernel
from models.resolution import MAX_RESOLUTION, level_of, resolution_of
from training.game.centres import compute_centres
from training.imports.layout import listed_names
from training.imports.refusal import ImportRefusedError

SOME_ROUNDING = 1e-6  # of the values of a filter


def fitting_stylegan(
    channels: int, maps: Sequence[int], latent_size: int, style_size: int, mapping_layers: int
) -> StyleganConfig:
    """The configuration of a network.

    Args:
        channels: of its images.
        maps: feature maps of each level.
        latent_size: numbers in a latent.
        style_size: numbers in a style.
        mapping_layers: layers of the mapping network.

    Raises:
        ImportRefusedError: no network of ours has these sizes.
    """
    if not 2 <= len(maps) <= level_of(MAX_RESOLUTION) + 1:
        raise ImportRefusedError(f"its network has {len(maps)} levels, 2 to 9 can be imported")
    try:
        config = StyleganConfig(
            resolution_of(len(maps) - 1),
            channels=channels,
            latent_size=latent_size,
            style_size=style_size,
            mapping_layers=mapping_layers,
            fmap_base=max(count * resolution_of(level) for level, count in enumerate(maps)),
            fmap_max=max(maps),
        )
    except ValueError as error:
        raise ImportRefusedError(f"its network cannot be used: {error}") from error
    wanted = [config.feature_maps(level) for level in range(len(maps))]
    if [*maps] != wanted:
        raise ImportRefusedError(
            f"its feature maps are {[*maps]}, and only those of a rule such as {wanted} can be "
            "imported: as many up to a resolution, then half as many at each"
        )
    return config


def require_filters(kernels: Mapping[str, Tensor], gain: float) -> None:
    """Check that low-pass filters are those of the paper, with the sum `gain`.

    Raises:
        ImportRefusedError: one is another one.
    """
    usual = gain * low_pass_kernel()[0, 0]
    for name, kernel in kernels.items():
        if kernel.shape != usual.shape or not torch.allclose(
            kernel.float(), usual, atol=SOME_ROUNDING, rtol=0.0
        ):
            raise ImportRefusedError(
                f"{listed_names([name])} is another low-pass filter than [1, 3, 3, 1], and no "
                "network of ours has it"
            )


def assemble_stylegan(config: StyleganConfig, weights: Mapping[str, Tensor]) -> StyleganGenerator:
    """Build the generator, in evaluation mode; without noise maps among the weights they are 0.

    The centre of truncation is computed from the weights, as for networks trained here.

    Args:
        config: of the network.
        weights: as ours has them, by our names, in any shape of as many numbers.

    Raises:
        ImportRefusedError: a number is not finite.
    """
    generator = StyleganGenerator(config)
    state = generator.state_dict()
    for name, ours in state.items():
        weight = weights[name].reshape(ours.shape) if name in weights else torch.zeros_like(ours)
        if not weight.isfinite().all():
            raise ImportRefusedError(f"a number of {name} is not finite: the file is damaged")
        state[name] = weight.float()
    generator.load_state_dict(state, strict=True)
    generator.eval().requires_grad_(False)
    compute_centres(generator)
    return generator
