"""Between the networks' numbers and the pixels of a file."""

import pytest
import torch

from models.pixels import from_pixels, to_pixels


def test_every_pixel_value_survives_the_way_there_and_back() -> None:
    """All 256 of them, in every channel."""
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).repeat(2, 1, 1, 3)

    assert torch.equal(to_pixels(from_pixels(pixels)), pixels)


def test_every_value_of_sixteen_bits_survives_the_way_there_and_back() -> None:
    """All 65,536: float32 has bits to spare."""
    pixels = torch.arange(65536, dtype=torch.int32).to(torch.uint16).reshape(1, 256, 256, 1)
    images = from_pixels(pixels)

    assert torch.equal(to_pixels(images, 16).int(), pixels.int())
    assert (images.min().item(), images.max().item()) == (-1.0, 1.0)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert to_pixels(torch.tensor([[[[-3.0, 3.0]]]]), 16).flatten().tolist() == [0, 65535]


@pytest.mark.parametrize(
    ("number", "pixel"),
    [(-1.0, 0), (1.0, 255), (-1.5, 0), (1e9, 255), (0.0, 128), (-1 + 1 / 255 + 1e-4, 1)],
)
def test_numbers_are_clipped_and_rounded_to_the_nearest(number: float, pixel: int) -> None:
    """-1 is 0, 1 is 255, and what overshoots is cut."""
    assert to_pixels(torch.full((1, 1, 1, 1), number)).item() == pixel


def test_channels_move_last_and_back() -> None:
    """`[N, C, H, W]` and `[N, H, W, C]` hold the same picture."""
    images = torch.zeros(2, 3, 4, 5)
    images[1, 2, 3, 4] = 1.0

    pixels = to_pixels(images)

    assert pixels.shape == (2, 4, 5, 3)
    assert pixels.dtype == torch.uint8
    assert pixels.is_contiguous()
    assert pixels[1, 3, 4, 2] == 255


def test_images_for_the_network_lie_in_channels_last_memory() -> None:
    """The layout that convolutions are fastest in, without a copy."""
    images = from_pixels(torch.zeros(2, 4, 4, 3, dtype=torch.uint8))

    assert images.shape == (2, 3, 4, 4)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert images.unique().tolist() == [-1.0]


def test_narrow_types_round_as_fp32_does() -> None:
    """The sum is taken in fp32, so bfloat16 loses nothing that it had."""
    images = torch.rand(1, 3, 8, 8).mul(2).sub(1).to(torch.bfloat16)

    assert torch.equal(to_pixels(images), to_pixels(images.float()))
