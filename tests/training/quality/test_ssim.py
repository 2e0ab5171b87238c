"""MS-SSIM, beside torchmetrics and slow words of the definition."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import signal
from scipy.signal.windows import gaussian
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from training.quality.pictures import PictureSet
from training.quality.ssim import ms_ssim, pairs_of, scales_of, similarity_within, window_of

Image = NDArray[np.float64]


def slow_maps(a: Image, b: Image, size: int) -> tuple[Image, Image]:
    """Luminance and contrast times structure, with sums of squared differences in every window."""
    line = gaussian(size, 1.5 * size / 11)
    window = np.outer(line, line) / np.sum(np.outer(line, line))
    places = a.shape[0] - size + 1
    luminance, structure = np.empty((places, places)), np.empty((places, places))
    for y in range(places):
        for x in range(places):
            p, q = a[y : y + size, x : x + size], b[y : y + size, x : x + size]
            mean_p, mean_q = np.sum(window * p), np.sum(window * q)
            var_p = np.sum(window * (p - mean_p) ** 2)
            var_q = np.sum(window * (q - mean_q) ** 2)
            covariance = np.sum(window * (p - mean_p) * (q - mean_q))
            luminance[y, x] = (2 * mean_p * mean_q + 2.55**2) / (mean_p**2 + mean_q**2 + 2.55**2)
            structure[y, x] = (2 * covariance + 7.65**2) / (var_p + var_q + 7.65**2)
    return luminance, structure


def slow_ms_ssim(a: Image, b: Image, weights: list[float]) -> float:
    """Of two images `[R, R]`."""
    product = 1.0
    for scale, weight in enumerate(weights):
        luminance, structure = slow_maps(a, b, min(11, a.shape[0] - 1))
        last = scale == len(weights) - 1
        product *= np.mean(luminance * structure if last else structure) ** (weight / sum(weights))
        a, b = (0.25 * signal.convolve2d(i, np.ones((2, 2)), "valid")[::2, ::2] for i in (a, b))
    return float(product)


def alike(resolution: int, channels: int = 1) -> tuple[Image, Image]:
    """A noisy picture `[C, R, R]`, and the same with other noise and less contrast."""
    random = np.random.default_rng(0)
    shape = (channels, resolution, resolution)
    a = random.uniform(0, 255, shape)
    return a, 0.7 * a + random.uniform(0, 40, shape)


@pytest.mark.parametrize(
    ("resolution", "weights"),
    [
        (8, [0.0448]),
        (16, [0.0448]),
        (32, [0.0448, 0.2856]),
        (64, [0.0448, 0.2856, 0.3001]),
    ],
)
def test_the_similarity_of_two_images_is_that_of_the_definition(
    resolution: int, weights: list[float]
) -> None:
    """As many scales as fit, with the first of the published weights."""
    a, b = alike(resolution)

    value = ms_ssim(torch.from_numpy(a)[None], torch.from_numpy(b)[None])

    assert value.item() == pytest.approx(slow_ms_ssim(a[0], b[0], weights), rel=1e-5)


def smooth(resolution: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two soft pictures in colour `[2, 3, R, R]`, and the same paler with noise."""
    random = torch.Generator().manual_seed(resolution)
    blobs = torch.rand(2, 3, resolution // 16, resolution // 16, generator=random)
    a = F.interpolate(blobs, size=(resolution, resolution), mode="bilinear") * 255
    return a, 0.7 * a + torch.rand(a.shape, generator=random) * 60


@pytest.mark.parametrize(
    ("resolution", "weights", "border"),
    [
        (64, [0.0448, 0.2856, 0.3001], 1.5e-2),
        (128, [0.0448, 0.2856, 0.3001, 0.2363], 1e-3),
        (192, [0.0448, 0.2856, 0.3001, 0.2363, 0.1333], 5e-4),
        (256, [0.0448, 0.2856, 0.3001, 0.2363, 0.1333], 5e-4),
    ],
)
def test_the_similarity_of_two_images_is_that_of_torchmetrics(
    resolution: int, weights: list[float], border: float
) -> None:
    """Within float precision, but for the border of the coarsest scale.

    There, torchmetrics' mean goes over pictures that it lengthened by 5 reflected pixels on each
    side; ours goes over whole windows, as the mean of every other scale does in both.
    """
    a, b = smooth(resolution)
    betas = tuple((np.array(weights) / sum(weights)).tolist())
    theirs = multiscale_structural_similarity_index_measure(
        a, b, data_range=255.0, betas=betas, reduction="none"
    )
    times = 2 ** (len(betas) - 1)
    coarse = F.avg_pool2d(a, times), F.avg_pool2d(b, times)
    _, everywhere = structural_similarity_index_measure(
        *coarse, data_range=255.0, return_full_image=True
    )
    inside = everywhere[..., 5:-5, 5:-5].mean(dim=(1, 2, 3)) / everywhere.mean(dim=(1, 2, 3))

    ours = ms_ssim(a, b)

    assert ours.tolist() == pytest.approx((theirs * inside ** betas[-1]).tolist(), rel=2e-5)
    assert ours.tolist() == pytest.approx(theirs.tolist(), abs=border)
    assert (ours < 0.95).all()


def test_a_scale_is_the_mean_over_channels() -> None:
    """At 16 px, where there is one scale."""
    a, b = alike(16, channels=3)

    value = ms_ssim(torch.from_numpy(a)[None], torch.from_numpy(b)[None])

    alone = [slow_ms_ssim(p, q, [1.0]) for p, q in zip(a, b, strict=True)]
    assert value.item() == pytest.approx(np.mean(alone), rel=1e-5)


def test_all_five_scales_fit_from_256_pixels_on() -> None:
    """The published window fits from 16 pixels on."""
    assert [scales_of(r) for r in (8, 16, 32, 64, 128, 256, 1024)] == [1, 1, 2, 3, 4, 5, 5]
    assert [window_of(r) for r in (8, 16, 256)] == [7, 11, 11]


def test_an_image_is_like_itself_and_unlike_its_negative() -> None:
    """1, and 0 instead of no number."""
    a = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255

    np.testing.assert_allclose(ms_ssim(a, a), [1, 1], atol=1e-5)
    assert ms_ssim(a, 255 - a).tolist() == [0, 0]


def test_pairs_are_of_different_pictures() -> None:
    """No picture twice where there are enough."""
    left, right = pairs_of(100, 50, seed=1)
    assert sorted([*left.tolist(), *right.tolist()]) == list(range(100))

    left, right = pairs_of(3, 200, seed=1)
    assert (left != right).all()
    assert {*zip(left.tolist(), right.tolist(), strict=True)} == {
        *[(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    }


def test_the_similarity_within_a_set_is_the_mean_over_its_pairs() -> None:
    """Over more than one batch of pairs, and told with the way it was measured."""
    array = np.random.default_rng(0).integers(0, 256, (90, 16, 16, 3), np.uint8)
    pictures = PictureSet(array, np.arange(90))

    found = similarity_within(pictures, 40, seed=2)

    images = torch.from_numpy(array).permute(0, 3, 1, 2).float()
    left, right = (torch.from_numpy(numbers) for numbers in pairs_of(90, 40, seed=2))
    assert found.mean == pytest.approx(ms_ssim(images[left], images[right]).mean().item(), abs=1e-6)
    assert (found.pairs, found.scales, found.window) == (40, 1, 11)
    assert "1 of 5 scales, weights of those scales made to sum to 1, 11 px window" in found.how


def test_a_set_of_copies_has_similarity_1() -> None:
    """A generator that always draws the same is found out."""
    array = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1), np.uint8)

    assert similarity_within(PictureSet(array, np.zeros(9, np.int64)), 8).mean == pytest.approx(1.0)


@pytest.mark.parametrize(("count", "pairs"), [(1, 5), (5, 0)])
def test_no_pair_is_refused(count: int, pairs: int) -> None:
    """Rather than a mean of nothing."""
    array = np.zeros((5, 16, 16, 1), np.uint8)

    with pytest.raises(ValueError, match=f"{pairs} pairs of {count} pictures"):
        similarity_within(PictureSet(array, np.arange(count)), pairs)
