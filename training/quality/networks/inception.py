"""The network that FID is defined with: Inception v3, as TensorFlow published it in December 2015.

Owns its architecture (Szegedy et al. 2016, with the differences of this version), with the names in
its published port to PyTorch. Knows no weights, no picture and no metric.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INCEPTION_FEATURES = 2048
CLASSES = 1008
SQUARE, ROW, COLUMN = (3, 3), (1, 7), (7, 1)

Pool = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Layer:
    """A convolution, batch normalisation and ReLU.

    Attributes:
        name: in the published weights.
        width: output channels.
        kernel: height and width in pixels.
        stride: in both directions.
        padded: True for zero padding, with which stride 1 keeps height and width.
    """

    name: str
    width: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padded: bool = True


@dataclass(frozen=True)
class Branch:
    """A sequence of `layers`, followed by the layers of `fork` in parallel."""

    layers: tuple[Layer, ...] = ()
    fork: tuple[Layer, ...] = ()


Branches = tuple[Branch, ...]  # in parallel; the last one begins with pooling


def chain(*layers: Layer) -> Branch:
    """Build a branch of layers in sequence."""
    return Branch(layers)


# ----------------------------------------------------------------------------------------
# The architecture as a table, from 299 pixels down to 8

STEM = (
    Layer("Conv2d_1a_3x3", 32, SQUARE, 2, padded=False),
    Layer("Conv2d_2a_3x3", 32, SQUARE, padded=False),
    Layer("Conv2d_2b_3x3", 64, SQUARE),
    Layer("Conv2d_3b_1x1", 80),
    Layer("Conv2d_4a_3x3", 192, SQUARE, padded=False),
)
HALVED_BEHIND = ("Conv2d_2b_3x3", "Conv2d_4a_3x3")


def at_35_pixels(pooled: int) -> Branches:
    """Figure 5 of the paper, but with one 5x5 convolution."""
    return (
        chain(Layer("branch1x1", 64)),
        chain(Layer("branch5x5_1", 48), Layer("branch5x5_2", 64, (5, 5))),
        chain(
            Layer("branch3x3dbl_1", 64),
            Layer("branch3x3dbl_2", 96, SQUARE),
            Layer("branch3x3dbl_3", 96, SQUARE),
        ),
        chain(Layer("branch_pool", pooled)),
    )


def from_35_to_17_pixels() -> Branches:
    """Figure 10: fewer pixels, more channels."""
    return (
        chain(Layer("branch3x3", 384, SQUARE, 2, padded=False)),
        chain(
            Layer("branch3x3dbl_1", 64),
            Layer("branch3x3dbl_2", 96, SQUARE),
            Layer("branch3x3dbl_3", 96, SQUARE, 2, padded=False),
        ),
        Branch(),
    )


def at_17_pixels(inner: int) -> Branches:
    """Figure 6 with n = 7."""
    return (
        chain(Layer("branch1x1", 192)),
        chain(
            Layer("branch7x7_1", inner),
            Layer("branch7x7_2", inner, ROW),
            Layer("branch7x7_3", 192, COLUMN),
        ),
        chain(
            Layer("branch7x7dbl_1", inner),
            Layer("branch7x7dbl_2", inner, COLUMN),
            Layer("branch7x7dbl_3", inner, ROW),
            Layer("branch7x7dbl_4", inner, COLUMN),
            Layer("branch7x7dbl_5", 192, ROW),
        ),
        chain(Layer("branch_pool", 192)),
    )


def from_17_to_8_pixels() -> Branches:
    """Figure 10 again, with a 7x7 convolution in one of its branches."""
    return (
        chain(Layer("branch3x3_1", 192), Layer("branch3x3_2", 320, SQUARE, 2, padded=False)),
        chain(
            Layer("branch7x7x3_1", 192),
            Layer("branch7x7x3_2", 192, ROW),
            Layer("branch7x7x3_3", 192, COLUMN),
            Layer("branch7x7x3_4", 192, SQUARE, 2, padded=False),
        ),
        Branch(),
    )


def at_8_pixels() -> Branches:
    """Figure 7: more channels at the lowest resolution."""

    def forked(name: str) -> tuple[Layer, Layer]:
        return Layer(f"{name}a", 384, (1, 3)), Layer(f"{name}b", 384, (3, 1))

    return (
        chain(Layer("branch1x1", 320)),
        Branch((Layer("branch3x3_1", 384),), forked("branch3x3_2")),
        Branch(
            (Layer("branch3x3dbl_1", 448), Layer("branch3x3dbl_2", 384, SQUARE)),
            forked("branch3x3dbl_3"),
        ),
        chain(Layer("branch_pool", 192)),
    )


def mean_around(x: Tensor) -> Tensor:
    """Average pooling over 3x3 pixels; as in TensorFlow, the padding is not counted."""
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def largest_around(x: Tensor) -> Tensor:
    """Max pooling over 3x3 pixels, stride 1: only in the last block of FID's network."""
    return F.max_pool2d(x, 3, stride=1, padding=1)


def halved(x: Tensor) -> Tensor:
    """Max pooling over 3x3 pixels, stride 2, without padding."""
    return F.max_pool2d(x, 3, stride=2)


def blocks() -> dict[str, tuple[Branches, Pool]]:
    """Blocks after the stem, in order."""
    return {
        "Mixed_5b": (at_35_pixels(pooled=32), mean_around),
        "Mixed_5c": (at_35_pixels(pooled=64), mean_around),
        "Mixed_5d": (at_35_pixels(pooled=64), mean_around),
        "Mixed_6a": (from_35_to_17_pixels(), halved),
        "Mixed_6b": (at_17_pixels(inner=128), mean_around),
        "Mixed_6c": (at_17_pixels(inner=160), mean_around),
        "Mixed_6d": (at_17_pixels(inner=160), mean_around),
        "Mixed_6e": (at_17_pixels(inner=192), mean_around),
        "Mixed_7a": (from_17_to_8_pixels(), halved),
        "Mixed_7b": (at_8_pixels(), mean_around),
        "Mixed_7c": (at_8_pixels(), largest_around),
    }


class InceptionConv(nn.Module):
    """One layer of the table."""

    def __init__(self, channels: int, layer: Layer) -> None:
        super().__init__()
        height, width = layer.kernel
        padding = (height // 2, width // 2) if layer.padded else 0
        self.conv = nn.Conv2d(
            channels, layer.width, layer.kernel, layer.stride, padding, bias=False
        )
        self.bn = nn.BatchNorm2d(layer.width, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class InceptionBlock(nn.Module):
    """Parallel branches whose outputs are concatenated: `[N, width, h, w]`."""

    def __init__(self, channels: int, branches: Branches, pool: Pool) -> None:
        super().__init__()
        self.branches, self.pool = branches, pool
        self.width = 0
        for branch in branches:
            width = channels
            for layer in branch.layers:
                self.add_module(layer.name, InceptionConv(width, layer))
                width = layer.width
            for layer in branch.fork:
                self.add_module(layer.name, InceptionConv(width, layer))
            self.width += sum(layer.width for layer in branch.fork) or width

    def forward(self, x: Tensor) -> Tensor:
        *others, pooled = self.branches
        parts = [part for branch in others for part in self._along(branch, x)]
        return torch.cat([*parts, *self._along(pooled, self.pool(x))], dim=1)

    def _along(self, branch: Branch, x: Tensor) -> list[Tensor]:
        for layer in branch.layers:
            x = self.get_submodule(layer.name)(x)
        return [self.get_submodule(layer.name)(x) for layer in branch.fork] or [x]


class Inception(nn.Module):
    """Images `[N, 3, 299, 299]` in [-1, 1] -> the mean of the last maps, `[N, 2048]`.

    The unused classifier is kept, so that the published weights load strictly.
    """

    def __init__(self) -> None:
        super().__init__()
        width = 3
        for layer in STEM:
            self.add_module(layer.name, InceptionConv(width, layer))
            width = layer.width
        for name, (branches, pool) in blocks().items():
            block = InceptionBlock(width, branches, pool)
            self.add_module(name, block)
            width = block.width
        self.mixed = tuple(blocks())
        self.fc = nn.Linear(INCEPTION_FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        for layer in STEM:
            x = self.get_submodule(layer.name)(x)
            x = halved(x) if layer.name in HALVED_BEHIND else x
        for name in self.mixed:
            x = self.get_submodule(name)(x)
        return x.mean(dim=(2, 3))
