"""Networks of pro_gan_pytorch (PyPI: `pro-gan-pth`).

Owns its two layouts and its arithmetic. A file of version 3 is a dictionary of networks, each with
`conf` and `state_dict`; `shadow_generator` is the averaged one. A file of version 2 is the state
dictionary of one generator (take `GAN_GEN_SHADOW_*.pth`), with `module.` before each name if it was
trained on a GPU.
Its stem differs from the paper's: no PixelNorm follows its first layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.layout import Layout, require_layout, with_new_names
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

TOOL = "pro_gan_pytorch"
PRO_GAN_NETWORKS = ("shadow_generator", "generator")
PARALLEL = "module."  # before each name, where several GPUs could have been used
STATE_PREFIX = "state_dict/"
VERSION_3 = Layout(
    TOOL,
    dense="layers.0.conv_1",
    conv="layers.0.conv_2",
    up="layers.{level}.conv_1",
    after="layers.{level}.conv_2",
    exit="rgb_converters.{level}",
    dense_axes=("in", "out", "4", "4"),
)
VERSION_2 = Layout(
    TOOL,
    dense="initial_block.conv_1",
    conv="initial_block.conv_2",
    up="layers.{below}.conv_1",
    after="layers.{below}.conv_2",
    exit="rgb_converters.{level}",
    dense_axes=("in", "out", "4", "4"),
)
SCALE_LOST = ".conv.weight"  # of version 1, whose random scales are not in the file


def pro_gan_layers(source: SourceFile) -> ProganLayers:
    """The layers of its generator, the averaged one where there is one.

    Raises:
        ImportRefusedError: the file is not of this tool, or of its version 1.
    """
    tensors = with_new_names(
        source.tensors, lambda name: name.removeprefix(STATE_PREFIX).removeprefix(PARALLEL)
    )
    if any(name.endswith(SCALE_LOST) for name in tensors):
        raise ImportRefusedError(
            f"this is a file of {TOOL} before version 2: each of its layers has a random scale, "
            "drawn when training began, which the file does not hold. Nobody can import it"
        )
    layout = VERSION_2 if f"{VERSION_2.dense}.weight" in tensors else VERSION_3
    levels = require_layout(layout, tensors)
    equalized = source.settings.get(f"{source.chosen}/conf/use_eql") is not False

    def layer(pattern: str, level: int = 0) -> EffectiveLayer:
        return convolution(tensors, layout.at(pattern, level), equalized)

    return ProganLayers(
        dense=transposed_convolution(tensors, layout.dense, equalized),
        conv=layer(layout.conv),
        levels=[(layer(layout.up, k), layer(layout.after, k)) for k in range(1, levels)],
        exits=[layer(layout.exit, k) for k in range(levels)],
        stem_norm=False,
    )


def convolution(tensors: Mapping[str, Tensor], name: str, equalized: bool) -> EffectiveLayer:
    """A convolution: the weight is scaled by sqrt(2 / fan-in) where it is used, the bias is not."""
    weight = tensors[f"{name}.weight"].double()
    scale = math.sqrt(2 / weight[0].numel()) if equalized else 1.0
    return EffectiveLayer(weight * scale, tensors[f"{name}.bias"].double())


def transposed_convolution(
    tensors: Mapping[str, Tensor], name: str, equalized: bool
) -> EffectiveLayer:
    """A transposed convolution of one pixel: `[in, out, 4, 4]`, of which each input meets all.

    Its fan-in counts the inputs alone, and one bias serves all 16 positions.
    """
    weight = tensors[f"{name}.weight"].double()
    scale = math.sqrt(2 / weight.shape[0]) if equalized else 1.0
    dense = (weight * scale).permute(1, 2, 3, 0).flatten(0, 2)
    bias = tensors[f"{name}.bias"].double().repeat_interleave(weight[0, 0].numel())
    return EffectiveLayer(dense, bias)
