"""Between the networks' numbers and the pixels of a file."""

import numpy as np
import pytest
import torch

from models.pixels import from_pixels, thumbnail_of, to_pixels


def test_every_pixel_value_survives_the_way_there_and_back() -> None:
    """All 256 of them, in every channel."""
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).repeat(2, 1, 1, 3)

    assert torch.equal(to_pixels(from_pixels(pixels)), pixels)


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


def test_a_thumbnail_is_the_mean_of_each_sixteenth() -> None:
    """Row by row, channel by channel."""
    picture = np.zeros((8, 8, 2), np.uint8)
    picture[:2, 2:4, 1] = 200  # the second sixteenth of the first row
    picture[6, 6] = 100  # a quarter of the last

    thumbnail = thumbnail_of(picture)

    assert len(thumbnail) == 4 * 4 * 2
    assert thumbnail[2:4] == (0, 200)
    assert thumbnail[-2:] == (25, 25)
    assert sum(thumbnail) == 250


def test_the_thumbnail_of_the_smallest_picture_is_itself() -> None:
    """4x4 pixels are sixteen sixteenths."""
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert thumbnail_of(picture) == tuple(range(48))


def test_a_thumbnail_of_a_side_that_four_does_not_divide_counts_pixels_by_their_share() -> None:
    """Six columns: a quarter is one and a half of them."""
    picture = np.array([0, 60, 120, 180, 240, 30], np.uint8).reshape(1, 6, 1).repeat(4, axis=0)

    assert thumbnail_of(picture)[:4] == (20, 100, 200, 100)
