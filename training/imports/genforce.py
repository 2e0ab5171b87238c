"""The official Progressive GAN networks of TensorFlow, as genforce converted them to PyTorch.

Owns the layout of these files (of genforce/sefa, interfacegan and genforce itself) and their
arithmetic, which is the paper's. `generator_smooth` is the averaged generator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.layout import Layout, require_layout
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

GENFORCE_NETWORKS = ("generator_smooth", "generator")
FADE = "lod"  # levels that are not active yet, with a fraction while one fades in
GENFORCE_LAYOUT = Layout(
    "genforce (Progressive GAN)",
    dense="layer0",
    conv="layer1",
    up="layer{first}",
    after="layer{second}",
    exit="output{level}",
    dense_axes=("out", "in", "4", "4"),
    ignored=frozenset({FADE}),
)


def genforce_layers(source: SourceFile) -> ProganLayers:
    """The layers of its generator, the averaged one where there is one.

    Raises:
        ImportRefusedError: the file is not of this tool, or its network is not fully grown.
    """
    tensors = source.tensors
    levels = require_layout(GENFORCE_LAYOUT, tensors)
    if FADE in tensors and tensors[FADE].count_nonzero():
        raise ImportRefusedError(
            f"its {FADE} is not 0: its upper levels are not active yet. Take a file from the end "
            "of training"
        )

    def layer(pattern: str, level: int = 0, gain: float = 2.0) -> EffectiveLayer:
        weight, bias = weight_and_bias(tensors, GENFORCE_LAYOUT.at(pattern, level))
        return EffectiveLayer(weight * math.sqrt(gain / weight[0].numel()), bias)

    return ProganLayers(
        dense=convolved_pixel(tensors, GENFORCE_LAYOUT.dense),
        conv=layer(GENFORCE_LAYOUT.conv),
        levels=[
            (layer(GENFORCE_LAYOUT.up, k), layer(GENFORCE_LAYOUT.after, k))
            for k in range(1, levels)
        ],
        exits=[layer(GENFORCE_LAYOUT.exit, k, gain=1.0) for k in range(levels)],
    )


def convolved_pixel(tensors: Mapping[str, Tensor], name: str) -> EffectiveLayer:
    """A 4x4 convolution of one pixel with padding 3: the kernel appears flipped in both axes."""
    weight, bias = weight_and_bias(tensors, name)
    scaled = weight * math.sqrt(2 / weight[0].numel())
    dense = scaled.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2)
    return EffectiveLayer(dense, bias.repeat_interleave(weight[0, 0].numel()))


def weight_and_bias(tensors: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Both in float64, as they are in the file."""
    return tensors[f"{name}.weight"].double(), tensors[f"{name}.bias"].double()
