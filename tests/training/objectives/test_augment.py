"""Augmentation: each transformation by hand, on whom it falls, and how ADA steers it."""

import numpy as np
import pytest
import torch
from torch import Tensor

from training.objectives.augment import (
    DRAWS,
    POLICIES,
    AugmentStrength,
    augment,
    color,
    cutout,
    rolled,
    translation,
)

EVERYTHING = "color,translation,cutout"


TARGET, RAMP_IMAGES = 0.6, 500_000  # as published


@pytest.fixture
def images() -> Tensor:
    """Six images `[6, 3, 16, 16]`, nowhere 0."""
    source = torch.Generator().manual_seed(1)
    return torch.rand(6, 3, 16, 16, generator=source) * 0.9 + 0.05


@pytest.fixture
def chance() -> Tensor:
    """Numbers for six images."""
    return torch.rand(6, DRAWS, generator=torch.Generator().manual_seed(2))


def draws(**places: float) -> Tensor:
    """The seven numbers of one image; 0.5 is the middle of each."""
    names = ("brightness", "saturation", "contrast", "down", "right", "top", "left")
    return torch.tensor([[places.get(name, 0.5) for name in names]])


def test_nothing_is_done_where_nothing_is_asked_for(images: Tensor, chance: Tensor) -> None:
    """Neither without a policy nor at strength 0."""
    assert augment(images, "", 1.0, chance) is images
    assert torch.equal(augment(images, EVERYTHING, 0.0, chance), images)


@pytest.mark.parametrize("name", POLICIES)
def test_a_transformation_falls_on_its_share_of_images(
    images: Tensor, chance: Tensor, name: str
) -> None:
    """On those whose number lies below the strength; another one for each transformation."""
    gate = chance[:, list(POLICIES).index(name)]
    strength = float(gate.sort().values[3])  # three lie below

    changed = (augment(images, name, strength, chance) != images).flatten(1).any(dim=1)

    assert changed.tolist() == (gate < strength).tolist()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [4, 8, 32])
def test_every_size_and_kind_of_image_can_be_augmented(channels: int, size: int) -> None:
    """The shape stays, and gradients reach the images."""
    source = torch.Generator().manual_seed(3)
    images = torch.rand(8, channels, size, size, generator=source).requires_grad_()
    chance = torch.rand(8, DRAWS, generator=source)

    seen = augment(images, EVERYTHING, 1.0, chance)
    (gradient_norm,) = torch.autograd.grad(seen.square().sum(), images)

    assert seen.shape == images.shape
    assert gradient_norm.flatten(1).abs().sum(dim=1).min() > 0


def test_gradients_through_all_of_them_are_true(images: Tensor, chance: Tensor) -> None:
    """Against differences, in fp64."""
    small = images[:2, :, :4, :4].double().requires_grad_()

    assert torch.autograd.gradcheck(
        lambda x: augment(x, EVERYTHING, 1.0, chance[:2]), small, fast_mode=True
    )


# ----------------------------------------------------------------------------------------
# Each by hand


def test_the_middle_of_all_colours_is_the_picture_itself(images: Tensor) -> None:
    """No brighter, saturation and contrast times one."""
    torch.testing.assert_close(color(images[:1], draws()), images[:1])


def test_brightness_is_added(images: Tensor) -> None:
    """From -0.5 to 0.5."""
    torch.testing.assert_close(color(images[:1], draws(brightness=0.9)), images[:1] + 0.4)


def test_without_saturation_a_picture_is_gray(images: Tensor) -> None:
    """All channels are their mean; at most it is twice as colourful."""
    x, gray = images[:1], images[:1].mean(dim=1, keepdim=True)

    torch.testing.assert_close(color(x, draws(saturation=0.0)), gray.expand_as(x))
    torch.testing.assert_close(color(x, draws(saturation=1.0)), gray + 2 * (x - gray))


def test_contrast_is_taken_around_the_mean(images: Tensor) -> None:
    """Half as much to one and a half times."""
    x, mean = images[:1], images[:1].mean()

    torch.testing.assert_close(color(x, draws(contrast=0.0)), mean + 0.5 * (x - mean))
    torch.testing.assert_close(color(x, draws(contrast=1.0)), mean + 1.5 * (x - mean))


def test_transparency_has_no_colour() -> None:
    """The fourth channel stays as it is."""
    x = torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))

    assert torch.equal(color(x, draws(brightness=1.0))[:, 3], x[:, 3])


@pytest.mark.parametrize(
    ("chances", "down", "right"),
    [
        ({}, 0, 0),
        ({"down": 0.0}, 2, 0),
        ({"down": 0.99, "right": 0.0}, -2, 2),
        ({"right": 0.25}, 0, 1),
    ],
)
def test_a_picture_is_moved_and_uncovers_middle_gray(
    images: Tensor, chances: dict[str, float], down: int, right: int
) -> None:
    """By whole pixels, at most an eighth of 16."""
    padded = np.pad(images[0].numpy(), ((0, 0), (2, 2), (2, 2)))
    expected = padded[:, 2 - down : 18 - down, 2 - right : 18 - right]

    moved = translation(images[:1], draws(**chances))[0].numpy()

    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize(
    ("chances", "rows", "columns"),
    [
        ({"top": 0.0, "left": 0.0}, (0, 4), (0, 4)),
        ({"top": 0.5, "left": 0.99}, (4, 12), (12, 16)),
        ({}, (4, 12), (4, 12)),
    ],
)
def test_a_square_of_half_the_size_is_cut_out(
    images: Tensor, chances: dict[str, float], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    """Its middle lies anywhere, so it may reach beyond the border."""
    expected = images[0].numpy().copy()
    expected[:, slice(*rows), slice(*columns)] = 0

    np.testing.assert_array_equal(cutout(images[:1], draws(**chances))[0].numpy(), expected)


# ----------------------------------------------------------------------------------------
# ADA


def test_strength_moves_at_every_fourth_step() -> None:
    """Up where real images are known too well; 4 batches of 64 are 256 of 500,000 images."""
    strength = AugmentStrength(0.5)
    seen: list[float] = []
    for sign in (1.0, 1.0, 0.0, 0.8, -1.0, 1.0, 1.0, 1.0):  # means 0.7 and 0.5
        strength = strength.after(sign, 64, TARGET, RAMP_IMAGES)
        seen.append(strength.p)

    up = 0.5 + 256 / 500_000
    assert seen == [0.5, 0.5, 0.5, up, up, up, up, pytest.approx(0.5, abs=1e-12)]


@pytest.mark.parametrize(("start", "sign"), [(0.0, -1.0), (1.0, 1.0)])
def test_strength_stays_a_share(start: float, sign: float) -> None:
    """From 0 to 1, whatever the scores say."""
    strength = AugmentStrength(start)
    for _ in range(8):
        strength = strength.after(sign, 64, TARGET, RAMP_IMAGES)

    assert strength == AugmentStrength(start)


def test_each_side_is_moved_and_cut_by_its_own_length() -> None:
    """Of 16x32: at most 2 down and 4 across; a hole of 8x16 in the middle."""
    image = torch.arange(1.0, 16 * 32 + 1).reshape(1, 1, 16, 32)

    moved = translation(image, draws(down=0.0, right=0.0))
    cut = cutout(torch.ones(1, 1, 16, 32), draws())

    assert torch.equal(moved[:, :, 2:, 4:], image[:, :, :-2, :-4])
    assert moved[:, :, :2].abs().sum() == moved[:, :, :, :4].abs().sum() == 0
    assert cut.sum() == 16 * 32 - 8 * 16
    assert cut[0, 0, 4:12, 8:24].sum() == 0


def test_a_rolled_image_enters_again_at_the_opposite_edge(images: Tensor) -> None:
    """By a share of height and width, the same for all images."""
    moved = rolled(images, torch.tensor([0.25, 0.5]))

    assert torch.equal(moved[:, :, 4:, 8:], images[:, :, :-4, :-8])
    assert torch.equal(moved[:, :, :4, :8], images[:, :, -4:, -8:])
