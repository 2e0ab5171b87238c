"""Sliced Wasserstein distance, beside scipy and slow words of the definition."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats

from training.quality import swd
from training.quality.pictures import PictureSet
from training.quality.swd import levels_of, sliced_wasserstein


def noise(count: int, resolution: int, channels: int = 3, seed: int = 0) -> PictureSet:
    """Pictures of smooth random colours."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, resolution // 4, resolution // 4, channels))
    smooth = np.asarray(ndimage.zoom(coarse.astype(float), (1, 4, 4, 1), order=1))
    return PictureSet(smooth.astype(np.uint8), np.arange(count))


def blurred(pictures: PictureSet) -> PictureSet:
    """The same, out of focus."""
    soft = ndimage.gaussian_filter(pictures.array.astype(float), (0, 1.5, 1.5, 0))
    return PictureSet(soft.astype(np.uint8), pictures.numbers)


# ----------------------------------------------------------------------------------------
# The pyramid


def slow_pyramid(image: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Of one image `[R, R]`, by scipy."""
    binomial = np.array([1, 4, 6, 4, 1]) / 16
    kernel = np.outer(binomial, binomial)
    levels: list[NDArray[np.float64]] = []
    while image.shape[0] > 16:
        smaller = ndimage.convolve(image, kernel, mode="mirror")[::2, ::2]
        spread = np.zeros_like(image)
        spread[::2, ::2] = smaller
        levels.append(image - ndimage.convolve(spread, 4 * kernel, mode="mirror"))
        image = smaller
    return [*levels, image]


def test_the_pyramid_is_that_of_burt_and_adelson() -> None:
    """Every level of every channel is what scipy makes of it."""
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255

    for number, size in enumerate((64, 32, 16)):
        level = swd.laplacian_level(images, number).numpy()
        assert level.shape == (2, 3, size, size)
        for n in range(2):
            for channel in range(3):
                expected = slow_pyramid(images[n, channel].numpy().astype(np.float64))[number]
                np.testing.assert_allclose(level[n, channel], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("resolution", "levels"),
    [(8, (8,)), (16, (16,)), (32, (32, 16)), (256, (256, 128, 64, 32, 16))],
)
def test_levels_end_at_16_pixels(resolution: int, levels: tuple[int, ...]) -> None:
    """A smaller picture is its own and only level."""
    assert levels_of(resolution) == levels


# ----------------------------------------------------------------------------------------
# Patches


def test_every_patch_is_a_piece_of_its_image_and_all_places_occur() -> None:
    """Corners too: an image whose pixels are their own addresses."""
    image = np.arange(81, dtype=np.float32).reshape(1, 1, 9, 9)

    patches = swd.cut_patches(image, np.random.default_rng(0)).reshape(-1, 7, 7)

    corners = patches[:, 0, 0].astype(int)
    assert {(int(c) // 9, int(c) % 9) for c in corners} == {
        (y, x) for y in range(3) for x in range(3)
    }
    for corner, patch in zip(corners, patches, strict=True):
        y, x = divmod(int(corner), 9)
        assert (patch == image[0, 0, y : y + 7, x : x + 7]).all()


def test_each_channel_of_a_cloud_has_mean_0_and_deviation_1(tmp_path: Path) -> None:
    """Over all its patches; a channel of one colour is 0."""
    pictures = noise(70, 32)
    pictures.array[..., 2] = 9

    cloud = swd.patches_of(pictures, 1, tmp_path, np.random.default_rng(0))

    assert cloud.shape == (70 * 128, 3 * 49)
    channels = cloud.reshape(-1, 3, 49).astype(np.float64)
    np.testing.assert_allclose(channels.mean(axis=(0, 2)), [0, 0, 0], atol=1e-4)
    np.testing.assert_allclose(channels.std(axis=(0, 2)), [1, 1, 0], atol=1e-4)
    assert list(tmp_path.iterdir()) == []


# ----------------------------------------------------------------------------------------
# The distance


def test_the_distance_of_clouds_is_scipys_along_each_direction() -> None:
    """Four times 128 directions of length 1, drawn in this order."""
    random = np.random.default_rng(1)
    a = random.standard_normal((300, 5)).astype(np.float32)
    b = (random.standard_normal((300, 5)) * 2 + 1).astype(np.float32)
    drawn = np.random.default_rng(7)
    expected: list[float] = []
    for _ in range(4):
        directions = drawn.standard_normal((5, 128))
        for d in (directions / np.linalg.norm(directions, axis=0)).T:
            expected.append(float(stats.wasserstein_distance(a @ d, b @ d)))

    distance = swd.cloud_distance(a, b, np.random.default_rng(7))

    assert distance == pytest.approx(np.mean(expected), rel=1e-5)


def test_clouds_are_the_same_whatever_the_size_of_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces bound the memory and change nothing."""
    real, generated = noise(20, 16), noise(20, 16, seed=1)
    whole = sliced_wasserstein(real, generated, tmp_path)
    monkeypatch.setattr(swd, "PATCHES_AT_ONCE", 1_000)
    monkeypatch.setattr(swd, "DIRECTIONS_AT_ONCE", 64)

    assert sliced_wasserstein(real, generated, tmp_path).mean == pytest.approx(whole.mean, rel=1e-5)


def test_blur_is_far_and_other_pictures_of_the_same_kind_are_near(tmp_path: Path) -> None:
    """Most of all where the detail is: at the finest level."""
    real, same = noise(60, 32), noise(60, 32, seed=1)

    near = sliced_wasserstein(real, same, tmp_path)
    far = sliced_wasserstein(real, blurred(same), tmp_path)

    assert list(near.per_level) == [32, 16]
    assert far.per_level[32] > 1.5 * near.per_level[32]
    assert far.mean == pytest.approx((far.per_level[32] + far.per_level[16]) / 2)


def test_gray_pictures_and_sets_of_unequal_size_are_measured(tmp_path: Path) -> None:
    """The larger set is cut; the count says so; the same again gives the same."""
    real, generated = noise(9, 16, channels=1), noise(5, 16, channels=1, seed=1)

    first = sliced_wasserstein(real, generated, tmp_path, seed=3)

    assert first.pictures == 5
    assert first == sliced_wasserstein(real, generated, tmp_path, seed=3)
    assert first != sliced_wasserstein(real, generated, tmp_path, seed=4)


def test_pictures_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    """Other channels, other size, or none."""
    with pytest.raises(ValueError, match=r"\(16, 16, 3\) cannot be compared to \(16, 16, 1\)"):
        sliced_wasserstein(noise(2, 16), noise(2, 16, channels=1), tmp_path)
    with pytest.raises(ValueError, match="at least one picture"):
        sliced_wasserstein(noise(2, 16), noise(2, 16).first(0), tmp_path)


def test_pictures_that_are_not_square_have_a_distance_on_each_level(tmp_path: Path) -> None:
    """Named by the shorter side; also where that is less than a patch. To itself it is nearly 0."""
    random = np.random.default_rng(0)
    for shape, levels in (((24, 48), [24, 12]), ((4, 8), [4])):
        pixels = random.integers(0, 256, (8, *shape, 3), np.uint8)
        pictures = PictureSet(pixels, np.arange(8))
        dark = PictureSet(
            pixels // np.linspace(1, 8, shape[1], dtype=np.uint8)[:, None], np.arange(8)
        )

        found = sliced_wasserstein(pictures, dark, tmp_path)

        assert list(found.per_level) == levels
        assert found.mean > 3 * sliced_wasserstein(pictures, pictures, tmp_path).mean
