"""EfficientNet-Lite0: the network whose 1280 features are used to compare pictures.

Owns its architecture (EfficientNet of Tan and Le 2019, in the published Lite form without squeeze
and excitation and with ReLU6), and the names of its published weights. Knows no file, picture or
metric.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

EFFICIENTNET_FEATURES = 1280

# Repeats, kernel, stride of the first, expansion, channels out.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: an odd pixel is added on the right and below."""

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        right, below = (
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size in (input.shape[3], input.shape[2])
        )
        sides = (right // 2, right - right // 2, below // 2, below - below // 2)
        return super().forward(F.pad(input, sides))


class ConvNorm(nn.Module):
    """Convolution, batch normalisation, and ReLU6 unless `linear`."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = SameConv2d(*channels, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(channels[1], eps=1e-3)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return x if self.linear else F.relu6(x)


class InvertedResidual(nn.Module):
    """Inverted residual: expansion, depthwise convolution, projection.

    The input is added if its shape is that of the output.
    """

    def __init__(self, channels: tuple[int, int], kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels[0] * expansion
        self.expand = ConvNorm((channels[0], wide), 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm((wide, wide), kernel, stride, groups=wide)
        self.project = ConvNorm((wide, channels[1]), 1, linear=True)
        self.residual = stride == 1 and channels[0] == channels[1]

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Images `[N, 3, H, W]` in about [-1, 1] -> the mean of the last maps, `[N, 1280]`.

    The unused classifier is kept, so that the published weights load strictly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm((3, 32), 3, 2)
        blocks: list[nn.Module] = []
        width = 32
        for repeats, kernel, stride, expansion, out in STAGES:
            for number in range(repeats):
                blocks.append(
                    InvertedResidual((width, out), kernel, 1 if number else stride, expansion)
                )
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm((width, EFFICIENTNET_FEATURES), 1)
        self.classifier = nn.Linear(EFFICIENTNET_FEATURES, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))


def renamed(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename published weights to the names of this module.

    In a block without expansion the published numbers of the norms begin at 1 as well.
    """
    parts = {
        "_conv_stem": "stem.conv",
        "_bn0": "stem.norm",
        "_conv_head": "head.conv",
        "_bn1": "head.norm",
        "_fc": "classifier",
    }
    inner = {
        "_expand_conv": "expand.conv",
        "_bn0": "expand.norm",
        "_depthwise_conv": "depthwise.conv",
        "_bn1": "depthwise.norm",
        "_project_conv": "project.conv",
        "_bn2": "project.norm",
    }
    state: dict[str, Tensor] = {}
    for name, value in published.items():
        words = name.split(".")
        if words[0] == "_blocks":
            state[f"blocks.{words[1]}.{inner[words[2]]}.{words[3]}"] = value
        else:
            state[f"{parts[words[0]]}.{words[1]}"] = value
    return state
