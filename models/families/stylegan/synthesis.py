"""The synthesis network of a StyleGAN2: the styles of all layers -> image.

Owns modulated convolutions, noise and the sum of the images of all levels. A modulated convolution
scales its input maps by the style, convolves with weights that all pictures share, and scales each
output map to unit expected deviation (demodulation): the same as scaling the weights for each
picture, and it needs no convolution in groups. Knows no latent.
Source: Karras et al. 2020 (StyleGAN2), sections 2.2 and 4.1, appendix B.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.layers import LowPass, low_pass_kernel
from models.layers.progan import HE_GAIN, LEAKY_SLOPE, EqualizedLinear, in_fp32
from models.resolution import Size

EPSILON = 1e-8
UP_GAIN = 4.0  # of the filter after zeros were inserted: three of four pixels are 0


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias and activation: features and style -> features.

    Args:
        in_maps: of the features `[N, in_maps, h, w]`.
        out_maps: of the result.
        style_size: numbers in a style, S.
        size: height and width of the result, in pixels.
        up: True to double height and width.
    """

    noise: Tensor

    def __init__(
        self, in_maps: int, out_maps: int, style_size: int, size: Size, *, up: bool
    ) -> None:
        super().__init__()
        self.affine = EqualizedLinear(style_size, in_maps, gain=1.0)
        self.weight = nn.Parameter(torch.randn(out_maps, in_maps, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_maps))
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.zeros(1, 1, *size))
        self.blur = LowPass(out_maps, 1, gain=UP_GAIN) if up else None

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None = None) -> Tensor:
        """Features `[N, out_maps, h, w]` of styles `[N, S]`.

        `noise`, `[N, 1, h, w]`, takes the place of the map that all pictures share.
        """
        added = (self.noise if noise is None else noise) * (self.strength * HE_GAIN)
        kernel = self.weight.transpose(0, 1) if self.blur else self.weight
        squares = self.weight.square().sum(dim=(2, 3))
        scales = in_fp32(self.affine, style)
        return styled(x, scales, kernel, squares, self.bias * HE_GAIN, added, self.blur)

    def folded(self) -> nn.Module:
        """The layer with its sums and products over constants computed."""
        return FoldedStyledConv(self)


class FoldedStyledConv(nn.Module):
    """A `StyledConv` whose weights no longer change."""

    kernel: Tensor
    squares: Tensor
    bias: Tensor
    added: Tensor

    def __init__(self, layer: StyledConv) -> None:
        super().__init__()
        self.affine = layer.affine.folded()
        self.blur = layer.blur
        weight = layer.weight.detach()
        kernel = weight.transpose(0, 1) if layer.blur else weight
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        self.register_buffer("kernel", kernel)
        self.register_buffer("squares", weight.square().sum(dim=(2, 3)))
        self.register_buffer("bias", layer.bias.detach() * HE_GAIN)
        self.register_buffer("added", layer.noise * (layer.strength.detach() * HE_GAIN))

    def forward(self, x: Tensor, style: Tensor, _noise: Tensor | None = None) -> Tensor:
        """Features of styles."""
        scales = self.affine(style)
        return styled(x, scales, self.kernel, self.squares, self.bias, self.added, self.blur)


def styled(
    x: Tensor,
    scales: Tensor,
    kernel: Tensor,
    squares: Tensor,
    bias: Tensor,
    noise: Tensor,
    blur: nn.Module | None,
) -> Tensor:
    """Modulate, convolve, demodulate, add noise and bias, activate.

    The gain of the activation is a factor of demodulation, bias and noise: a leaky ReLU keeps it.

    Args:
        x: features `[N, in_maps, h, w]`, or `[1, in_maps, h, w]` for all pictures.
        scales: of the input maps, `[N, in_maps]`.
        kernel: `[out_maps, in_maps, 3, 3]`, or `[in_maps, out_maps, 3, 3]` with `blur`.
        squares: sums of the squared weights of each pair of maps, `[out_maps, in_maps]`.
        bias: `[out_maps]`, times the gain, as is `noise`.
        noise: broadcast over the maps.
        blur: of a layer that doubles the size.
    """
    out_maps, in_maps = squares.shape
    x = scales.reshape(-1, in_maps, 1, 1).to(x.dtype) * x
    if blur is None:
        x = F.conv2d(x, kernel, padding=1)
    else:
        x = blur(F.conv_transpose2d(x, kernel, stride=2))
    power = in_fp32(F.linear, scales.square(), squares)
    demodulation = (torch.rsqrt(power + EPSILON) * HE_GAIN).reshape(-1, out_maps, 1, 1)
    x = x * demodulation.to(x.dtype) + bias.reshape(1, -1, 1, 1).to(x.dtype)
    return F.leaky_relu(x + noise.to(x.dtype), LEAKY_SLOPE)


class StyledImage(nn.Module):
    """Modulated 1x1 convolution without demodulation: features `[N, maps, h, w]` -> image."""

    def __init__(self, maps: int, channels: int, style_size: int) -> None:
        super().__init__()
        self.affine = EqualizedLinear(style_size, maps, gain=1.0)
        self.weight = nn.Parameter(torch.randn(channels, maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.maps = maps
        self.scale = 1.0 / math.sqrt(maps)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Image `[N, channels, h, w]` of styles `[N, S]`, linear."""
        scales = (self.affine(style) * self.scale).reshape(-1, self.maps, 1, 1)
        return F.conv2d(scales * x, self.weight, self.bias)


class Synthesis(nn.Module):
    """Entry vectors `[N, layers S]` -> images `[N, C, H, W]`, about [-1, 1].

    The image is the sum of those of all levels, each enlarged by the low-pass filter (output
    skips).
    """

    taps: Tensor

    def __init__(self, config: StyleganConfig) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        sizes = [config.size_at(resolution) for resolution in config.resolutions]
        style = self.style_size = config.style_size
        self.start = nn.Parameter(torch.randn(1, maps[0], *config.base))
        layers = [StyledConv(maps[0], maps[0], style, sizes[0], up=False)]
        for level in range(1, len(maps)):
            below, above = maps[level - 1], maps[level]
            layers.append(StyledConv(below, above, style, sizes[level], up=True))
            layers.append(StyledConv(above, above, style, sizes[level], up=False))
        self.layers = nn.ModuleList(layers)
        self.images = nn.ModuleList(StyledImage(m, config.channels, style) for m in maps)
        taps = torch.zeros(config.channels, config.channels, 4, 4)
        for channel in range(config.channels):
            taps[channel, channel] = low_pass_kernel(UP_GAIN)[0, 0]
        self.register_buffer("taps", taps, persistent=False)

    def forward(self, entry: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Images of entry vectors; `noise` is a map `[N, 1, h, w]` for each layer."""
        *_, image = self.partial_images(entry, noise)
        return image

    def partial_images(self, entry: Tensor, noise: Sequence[Tensor] | None = None) -> list[Tensor]:
        """The sums of images up to each level; the last one is the image."""

        def style(layer: int) -> Tensor:
            return torch.narrow(entry, 1, layer * self.style_size, self.style_size)

        x, image, images = self.start, None, list[Tensor]()
        for place, layer in enumerate(self.layers):
            x = layer(x, style(place), None if noise is None else noise[place])
            if place % 2:  # the first of the two layers of a level
                continue
            here = in_fp32(self.images[place // 2], x, style(place + 1))
            image = here if image is None else self._enlarged(image) + here
            images.append(image)
        return images

    def _enlarged(self, image: Tensor) -> Tensor:
        return F.conv_transpose2d(image, self.taps, stride=2, padding=1)
