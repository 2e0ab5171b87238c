"""Multi-scale structural similarity of pictures (Wang, Simoncelli and Bovik 2003).

Owns MS-SSIM and its mean over random pairs of one set. For generated pictures it measures variety:
1 means that all are equal; the best value is that of real pictures, not 0 (Odena et al. 2017).
Knows no run and no generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.stream import Indices
from training.progress_bar import OnProgress, ignore_progress, tracked
from training.quality.pictures import PictureSet

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # section 3.2 of the paper, finest scale first
WINDOW = 11  # pixels
WINDOW_DEVIATION = 1.5  # pixels
C1, C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2
PAIRS_AT_ONCE = 32


@dataclass(frozen=True)
class Similarity:
    """The mean MS-SSIM of pairs, 0 to 1.

    Attributes:
        mean: over all pairs.
        pairs: number of pairs.
        scales: number of the five published scales that fit into the pictures.
        window: width of the Gaussian window in pixels.
    """

    mean: float
    pairs: int
    scales: int
    window: int

    @property
    def how(self) -> str:
        """Description of the measurement, for the report."""
        fitting = (
            "" if self.scales == len(WEIGHTS) else ", weights of those scales made to sum to 1"
        )
        return (
            f"MS-SSIM (Wang et al. 2003) of random pairs: {self.scales} of {len(WEIGHTS)} scales"
            f"{fitting}, {self.window} px window, mean over channels"
        )


def similarity_within(
    pictures: PictureSet, pairs: int, seed: int = 0, on_progress: OnProgress = ignore_progress
) -> Similarity:
    """Compute the mean MS-SSIM of `pairs` random pairs of different pictures.

    Raises:
        ValueError: fewer than two pictures, or fewer than one pair requested.
    """
    if len(pictures) < 2 or pairs < 1:
        raise ValueError(
            f"{pairs} pairs of {len(pictures)} pictures: one of two at least is needed"
        )
    chosen = pairs_of(len(pictures), pairs, seed)
    values: list[float] = []
    for start in tracked(range(0, pairs, PAIRS_AT_ONCE), on_progress):
        left, right = chosen[:, start : start + PAIRS_AT_ONCE]
        images = [
            torch.from_numpy(pictures.at(places)).permute(0, 3, 1, 2).float().contiguous()
            for places in (left, right)
        ]
        values += ms_ssim(images[0], images[1]).tolist()
    side = pictures.shorter
    return Similarity(float(np.mean(values)), pairs, scales_of(side), window_of(side))


def pairs_of(count: int, pairs: int, seed: int) -> Indices:
    """Draw pairs of different indices below `count`, `[2, pairs]`.

    No index occurs twice if `count` is at least `2 * pairs`.
    """
    random = np.random.default_rng(seed)
    if 2 * pairs <= count:
        return random.permutation(count)[: 2 * pairs].reshape(2, pairs)
    left = random.integers(0, count, pairs)
    return np.stack([left, (left + random.integers(1, count, pairs)) % count])


def scales_of(shorter: int) -> int:
    """Number of scales, each half of the previous one, that hold a whole window; at least 1."""
    fitting = [n for n in range(len(WEIGHTS)) if shorter >> n >= WINDOW]
    return max(1, len(fitting))


def window_of(shorter: int) -> int:
    """Width of the window: 11 pixels; in smaller pictures the largest odd number that fits."""
    return min(WINDOW, shorter - 1 + shorter % 2)


def ms_ssim(a: Tensor, b: Tensor) -> Tensor:
    """MS-SSIM of images `[N, C, H, W]` in [0, 255], pair by pair: `[N]` in [0, 1].

    Equation 7 of the paper. A scale with a negative mean counts as 0, because fractional powers of
    negative numbers are not real.
    """
    shorter = min(a.shape[-2:])
    scales, window = scales_of(shorter), window_of(shorter)
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    product = torch.ones(len(a))
    for scale, weight in enumerate(weights.tolist()):
        luminance, structure = compare(a, b, window)
        part = structure if scale < scales - 1 else luminance * structure
        product *= part.mean(dim=(1, 2, 3)).clamp_min(0.0) ** weight
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return product


def compare(a: Tensor, b: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Luminance, and contrast times structure, in each whole window: both `[N, C, h, w]`."""
    mean_a, mean_b = blur(a, window), blur(b, window)
    variance_a = blur(a * a, window) - mean_a * mean_a
    variance_b = blur(b * b, window) - mean_b * mean_b
    covariance = blur(a * b, window) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1)
    return luminance, (2 * covariance + C2) / (variance_a + variance_b + C2)


def blur(images: Tensor, window: int) -> Tensor:
    """Compute the mean of images `[N, C, H, W]` in each whole Gaussian window."""
    deviation = WINDOW_DEVIATION * window / WINDOW
    places = torch.arange(window, dtype=torch.float64) - (window - 1) / 2
    bell = torch.exp(-(places**2) / (2 * deviation**2))
    bell = (bell / bell.sum()).to(images.dtype)
    channels = images.shape[1]
    rows = F.conv2d(images, bell.expand(channels, 1, 1, window), groups=channels)
    columns = bell[:, None].expand(channels, 1, window, 1)
    return F.conv2d(rows, columns, groups=channels)
