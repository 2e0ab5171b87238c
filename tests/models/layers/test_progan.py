"""The layers: each against a slower or more literal form of itself."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.layers.progan import (
    DownConv2d,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    in_fp32,
    make_circular,
    minibatch_stddev,
    pixel_norm,
)
from models.layers.resampling import downsample, upsample


def test_the_fused_up_convolution_equals_doubling_and_then_convolving() -> None:
    """Nearest x2 followed by the same 3x3 kernel gives the same features to 1e-5."""
    layer = UpConv2d(6, 5)
    layer.bias.data.normal_()
    x = torch.randn(2, 6, 7, 8)

    literal = F.conv2d(upsample(x), layer.weight * layer.scale, layer.bias, padding=1)

    assert layer(x).shape == (2, 5, 14, 16)
    torch.testing.assert_close(layer(x), literal, rtol=0, atol=1e-5)


def test_the_fused_down_convolution_equals_convolving_and_then_halving() -> None:
    """The same 3x3 kernel followed by a 2x2 mean gives the same features to 1e-5."""
    layer = DownConv2d(6, 5)
    layer.bias.data.normal_()
    x = torch.randn(2, 6, 14, 16)

    literal = downsample(F.conv2d(x, layer.weight * layer.scale, layer.bias, padding=1))

    assert layer(x).shape == (2, 5, 7, 8)
    torch.testing.assert_close(layer(x), literal, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", [UpConv2d(3, 2), DownConv2d(3, 2)])
def test_fused_layers_train_the_3x3_kernel(layer: EqualizedConv2d) -> None:
    """The gradient arrives at the nine weights, none of them zero."""
    layer(torch.randn(1, 3, 8, 8)).square().sum().backward()

    assert layer.weight.grad is not None
    assert layer.weight.grad.shape == (2, 3, 3, 3)
    assert layer.weight.grad.count_nonzero() == layer.weight.numel()


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_convolution_keeps_the_size(kernel: int) -> None:
    """Odd kernels are padded so that height and width stay."""
    assert EqualizedConv2d(2, 3, kernel)(torch.randn(1, 2, 5, 6)).shape == (1, 3, 5, 6)


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2.0)])
def test_equalized_layers_start_with_the_gain_that_was_asked_for(gain: float) -> None:
    """Input of unit variance leaves with variance gain^2; the stored weights have variance 1."""
    linear = EqualizedLinear(400, 300, gain=gain)
    conv = EqualizedConv2d(40, 60, kernel=3, gain=gain)

    of_linear = linear(torch.randn(200, 400)).var()
    of_conv = conv(torch.randn(4, 40, 16, 16))[:, :, 1:-1, 1:-1].var()  # padding dims the rim

    assert of_linear.item() == pytest.approx(gain**2, rel=0.1)
    assert of_conv.item() == pytest.approx(gain**2, rel=0.1)
    assert linear.weight.var().item() == pytest.approx(1.0, rel=0.05)


def test_upsampling_doubles_pixels_and_downsampling_takes_their_mean() -> None:
    """Halving undoes doubling, exactly; the mean is over 2x2 pixels."""
    x = torch.arange(8.0).reshape(1, 2, 2, 2)

    assert upsample(x)[0, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert torch.equal(downsample(upsample(x)), x)
    assert downsample(x).flatten().tolist() == [1.5, 5.5]


@pytest.mark.parametrize("shape", [(3, 8), (3, 8, 4, 4)])
def test_pixel_norm_makes_the_mean_square_one_at_every_pixel(shape: tuple[int, ...]) -> None:
    """It is taken over the channels alone, so no pixel sees another."""
    normed = pixel_norm(100.0 * torch.randn(shape))

    torch.testing.assert_close(normed.square().mean(dim=1), torch.ones(shape[:1] + shape[2:]))


def test_pixel_norm_of_nothing_is_nothing() -> None:
    """A zero vector stays zero instead of becoming not-a-number."""
    assert pixel_norm(torch.zeros(1, 4)).tolist() == [[0.0] * 4]


def test_pixel_norm_keeps_a_narrow_type_and_does_not_overflow_in_it() -> None:
    """The square of 1000 does not fit into fp16, the statistics are taken in fp32."""
    normed = pixel_norm(torch.full((1, 4), 1000.0, dtype=torch.float16))

    assert normed.dtype == torch.float16
    assert normed.tolist() == [[1.0] * 4]


@pytest.mark.parametrize("shape", [(3, 8), (2, 5, 4, 3)])
def test_the_gradient_of_pixel_norm_is_that_of_its_formula(shape: tuple[int, ...]) -> None:
    """By finite differences in fp64, and as autograd has it."""
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(shape, dtype=torch.float64)
    written = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)

    (expected,) = torch.autograd.grad((written * weights).sum(), x)
    (found,) = torch.autograd.grad((pixel_norm(x) * weights).sum(), x)

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert torch.autograd.gradcheck(pixel_norm, (x,))


def test_pixel_norm_refuses_to_be_differentiated_twice() -> None:
    """Rather than give a wrong second derivative."""
    x = torch.randn(2, 4, requires_grad=True)

    with pytest.raises(RuntimeError, match="differentiated once"):
        torch.autograd.grad(pixel_norm(x)[:, 0].sum(), x, create_graph=True)


def test_pixel_norm_has_the_same_bits_with_and_without_a_gradient() -> None:
    """What is served is what was trained."""
    x = torch.randn(2, 6, 4, 4)

    assert torch.equal(pixel_norm(x), pixel_norm(x.clone().requires_grad_()))


def test_minibatch_stddev_says_how_much_the_images_of_a_group_differ() -> None:
    """Of two groups of two, one has twins (deviation about 0), one has -1 and 1 (deviation 1)."""
    images = torch.zeros(4, 3, 2, 2)
    images[1], images[3] = -1.0, 1.0  # image n is in group n modulo 2

    result = minibatch_stddev(images, group_size=2)

    assert torch.equal(result[:, :3], images)
    assert [pytest.approx(v, abs=1e-3) for v in (0, 1, 0, 1)] == result[:, 3, 0, 0].tolist()
    assert torch.equal(result[:, 3], result[:, 3, :1, :1].expand(4, 2, 2))


@pytest.mark.parametrize(
    ("count", "group_size", "fitting"), [(8, 4, 4), (6, 4, 3), (7, 4, 1), (3, 4, 3), (6, 0, 6)]
)
def test_a_group_is_the_largest_that_divides_the_batch(
    count: int, group_size: int, fitting: int
) -> None:
    """4 in 8; 3 in 6; 1 in 7, which is prime; all 3 of 3; and 0 stands for the whole batch."""
    images = torch.randn(count, 2, 4, 4)
    groups = count // fitting

    result = minibatch_stddev(images, group_size)[:, 2, 0, 0]

    for n in range(count):
        members = images[n % groups :: groups]
        literal = members.std(dim=0, correction=0).mean().item()
        assert result[n].item() == pytest.approx(literal, abs=1e-3)


# ----------------------------------------------------------------------------------------
# Rounding


def test_what_is_unrounded_is_computed_in_fp32_within_autocast() -> None:
    """Of features that were rounded, the layer's own result is not."""
    layer, x = EqualizedConv2d(3, 2, 3), torch.randn(2, 3, 4, 4).bfloat16()

    with torch.autocast("cpu", torch.bfloat16):
        rounded, y = layer(x), in_fp32(layer, x)

    assert rounded.dtype is torch.bfloat16
    assert torch.equal(y, layer(x.float()))


def test_without_autocast_nothing_is_widened() -> None:
    """A network that is bf16 throughout stays so."""
    layer, x = EqualizedLinear(3, 2).bfloat16(), torch.randn(2, 3).bfloat16()

    assert in_fp32(layer, x).dtype is torch.bfloat16


def tiled(x: Tensor) -> Tensor:
    """Three times three copies."""
    return x.repeat(1, 1, 3, 3)


@pytest.mark.parametrize(
    ("layer", "factor"),
    [
        (EqualizedConv2d(3, 2, kernel=3), 1),
        (EqualizedConv2d(3, 2, kernel=1), 1),
        (UpConv2d(3, 2), 2),
        (DownConv2d(3, 2), 0.5),
    ],
    ids=["3x3", "1x1", "up", "down"],
)
def test_a_circular_layer_sees_copies_of_the_image_around_it(
    layer: EqualizedConv2d, factor: float
) -> None:
    """It gives the middle of what the plain layer gives for nine copies; to rounding of sums."""
    x = torch.randn(2, 3, 8, 6)
    height, width = int(8 * factor), int(6 * factor)
    expected = layer(tiled(x))[:, :, height : 2 * height, width : 2 * width]

    make_circular(layer)

    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)
