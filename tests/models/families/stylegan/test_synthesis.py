"""The synthesis network: modulation, noise, folding, and the sum of images."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.layers import low_pass_kernel
from models.families.stylegan.synthesis import StyledConv, StyledImage, Synthesis
from models.layers.folding import fold

CONFIG = StyleganConfig(16, 3, 8, 6, 2, 64, 8)


def drawn(layer: StyledConv) -> StyledConv:
    """The layer with noise, and a bias that is not 0."""
    for value in (layer.bias, layer.strength, layer.noise):
        torch.nn.init.normal_(value)
    return layer


def written_out(layer: StyledConv, x: Tensor, style: Tensor) -> Tensor:
    """The layer with weights of its own for the picture, as the paper's equations 1 to 3."""
    scales = layer.affine(style[None])[0]
    weight = layer.weight * scales[:, None, None]
    weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    if layer.blur is None:
        y = F.conv2d(x[None], weight, padding=1)
    else:
        y = F.conv_transpose2d(x[None], weight.transpose(0, 1), stride=2)
        taps = 4.0 * low_pass_kernel().expand(len(weight), 1, 4, 4)
        y = F.conv2d(y, taps, padding=1, groups=len(weight))
    y = y + layer.strength * layer.noise + layer.bias[None, :, None, None]
    return F.leaky_relu(y, 0.2)[0] * 2**0.5


@pytest.mark.parametrize("up", [False, True])
def test_scaled_maps_equal_scaled_weights(up: bool) -> None:
    """Up to rounding, for each picture of a batch; and so does the folded layer."""
    layer = drawn(StyledConv(4, 5, 6, (8, 8), up=up))
    x, style = torch.randn(3, 4, 4 if up else 8, 4 if up else 8), torch.randn(3, 6)
    expected = torch.stack([written_out(layer, *pair) for pair in zip(x, style, strict=True)])

    torch.testing.assert_close(layer(x, style), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(layer.folded()(x, style), expected, atol=1e-5, rtol=1e-4)


def test_demodulation_keeps_the_deviation_of_features() -> None:
    """Whatever the style: of independent inputs, each output map has a deviation near 1."""
    layer = StyledConv(64, 64, 6, (16, 16), up=False)
    features = layer(torch.randn(4, 64, 16, 16), 30.0 * torch.randn(4, 6))

    assert features.square().mean().item() == pytest.approx(1.04, abs=0.15)


def test_fresh_noise_takes_the_place_of_the_fixed_one() -> None:
    """And has no effect as long as its learned strength is 0."""
    layer, x, style = (
        StyledConv(4, 4, 6, (8, 8), up=False),
        torch.randn(2, 4, 8, 8),
        torch.ones(2, 6),
    )
    noise = torch.randn(2, 1, 8, 8)

    assert torch.equal(layer(x, style), layer(x, style, noise))
    drawn(layer)
    assert not torch.equal(layer(x, style), layer(x, style, noise))
    assert torch.equal(layer(x, style), layer(x, style, layer.noise))


def test_the_layer_to_the_image_does_not_demodulate() -> None:
    """Twice the scales are twice the image, without its bias."""
    layer = StyledImage(4, 3, 6)
    torch.nn.init.zeros_(layer.affine.bias)
    x, style = torch.randn(2, 4, 8, 8), torch.randn(2, 6)

    torch.testing.assert_close(layer(x, 2.0 * style), 2.0 * layer(x, style))


def test_the_image_is_the_sum_of_those_of_all_levels() -> None:
    """Each enlarged by the filter, which keeps constant images."""
    synthesis = Synthesis(CONFIG)
    entry = torch.randn(2, CONFIG.entry_size)
    images = synthesis.partial_images(entry)

    assert [image.shape[-1] for image in images] == [4, 8, 16]
    assert torch.equal(images[-1], synthesis(entry))
    for layer in synthesis.images[1:]:
        for parameter in layer.parameters():
            torch.nn.init.zeros_(parameter)
    small, _, large = synthesis.partial_images(entry)
    up = F.conv_transpose2d(small.flatten(0, 1)[:, None], 4.0 * low_pass_kernel(), None, 2, 1)
    up = F.conv_transpose2d(up, 4.0 * low_pass_kernel(), None, 2, 1)
    torch.testing.assert_close(large, up.reshape(large.shape), atol=1e-5, rtol=1e-4)
    assert torch.allclose(up[..., 8, 8].mean(), small.mean(), atol=2.0)


def test_each_layer_has_its_own_part_of_the_entry_vector() -> None:
    """The second part, of the first level's image, leaves the features of that level alone."""
    synthesis = Synthesis(CONFIG)
    entry = torch.randn(1, CONFIG.entry_size)
    before = synthesis.partial_images(entry)
    changed = entry.clone()
    changed[:, 3 * CONFIG.style_size :] += 1.0  # from the image of 8 px on
    after = synthesis.partial_images(changed)

    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_a_folded_network_draws_the_same_pictures() -> None:
    """Up to rounding."""
    synthesis = Synthesis(CONFIG).eval().requires_grad_(False)
    for layer in synthesis.layers:
        assert isinstance(layer, StyledConv)
        drawn(layer)
    entry = torch.randn(2, CONFIG.entry_size)
    expected = synthesis(entry)
    fold(synthesis)

    torch.testing.assert_close(synthesis(entry), expected, atol=1e-4, rtol=1e-4)
