"""Progressive GANs of facebookresearch/pytorch_GAN_zoo.

Owns its layout, its arithmetic, and what its configuration must say. `avgG` is the averaged
generator. The scale of a layer is applied to its result, and so to its bias as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.layout import Layout, require_layout, with_new_names
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

GAN_ZOO_NETWORKS = ("avgG", "netG")
GAN_ZOO_LAYOUT = Layout(
    "pytorch_GAN_zoo",
    dense="formatLayer",
    conv="groupScale0.0",
    up="scaleLayers.{below}.0",
    after="scaleLayers.{below}.1",
    exit="toRGBLayers.{level}",
    dense_axes=("positions", "in"),
)
WRAPPED = ".module."  # newer files have it before `weight` and `bias`

# Settings that change the network, and the values that our networks have.
NEEDED: dict[str, tuple[object, ...]] = {
    "perChannelNormalization": (True, None),
    "leakyReluLeak": (0.2, None),
    "lossCriterion": ("WGANGP", "WGANGP2", "Logistic", None),  # the others end with tanh
    "categoryVectorDim": (0, None),
}
FADED = 1e-6  # alpha falls to 0 in steps, of which a rounding may be left


def gan_zoo_layers(source: SourceFile) -> ProganLayers:
    """The layers of its generator, the averaged one where there is one.

    Raises:
        ImportRefusedError: the file is not of this tool, or its network differs from ours.
    """
    require_same_network(source)
    tensors = with_new_names(source.tensors, lambda name: name.replace(WRAPPED, "."))
    levels = require_layout(GAN_ZOO_LAYOUT, tensors)
    equalized = source.settings.get("config/equalizedlR") is not False

    def layer(pattern: str, level: int = 0) -> EffectiveLayer:
        return layer_scaled_afterwards(tensors, GAN_ZOO_LAYOUT.at(pattern, level), equalized)

    return ProganLayers(
        dense=layer(GAN_ZOO_LAYOUT.dense),
        conv=layer(GAN_ZOO_LAYOUT.conv),
        levels=[
            (layer(GAN_ZOO_LAYOUT.up, k), layer(GAN_ZOO_LAYOUT.after, k)) for k in range(1, levels)
        ],
        exits=[layer(GAN_ZOO_LAYOUT.exit, k) for k in range(levels)],
    )


def require_same_network(source: SourceFile) -> None:
    """Check the settings of a file.

    Raises:
        ImportRefusedError: with these its network makes other pictures than ours would.
    """
    for name, allowed in NEEDED.items():
        if (value := source.settings.get(f"config/{name}")) not in allowed:
            known = " or ".join(repr(each) for each in allowed if each is not None)
            raise ImportRefusedError(
                f"its configuration has {name} = {value!r:.40}, and only networks with {known} can "
                "be imported"
            )
    alpha = source.settings.get("config/alpha") or 0
    if not isinstance(alpha, int | float) or alpha > FADED:
        raise ImportRefusedError(
            f"its configuration has alpha = {alpha!r:.40}: its top level is fading in. Take a "
            "checkpoint from after the fade"
        )


def layer_scaled_afterwards(
    tensors: Mapping[str, Tensor], name: str, equalized: bool
) -> EffectiveLayer:
    """A layer whose result, with the bias in it, is scaled by sqrt(2 / fan-in)."""
    weight, bias = tensors[f"{name}.weight"].double(), tensors[f"{name}.bias"].double()
    scale = math.sqrt(2 / weight[0].numel()) if equalized else 1.0
    return EffectiveLayer(weight * scale, bias * scale)
