"""Sliced Wasserstein distance between two sets of pictures, scale by scale (Karras et al. 2018).

Owns the metric of section 5 of the paper: a Laplacian pyramid down to 16 pixels, small patches of
each of its levels, and the distance between the two clouds of patches along random directions.
Needs no pretrained network. Knows no run and no generator. Patches are kept in scratch files, one
level at a time: the use of memory does not depend on the number of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor

from models.picture import Pixels
from training.progress_bar import Advance, OnProgress, counted, ignore_progress, no_advance
from training.quality.pictures import PictureSet, scratch_array

COARSEST = 16  # pixels
PATCH = 7  # pixels
PATCHES = 128  # per level and picture
REPEATS = 4
DIRECTIONS = 128  # per repeat
SCALE = 1_000.0
PICTURES_AT_ONCE = 64
PATCHES_AT_ONCE = 32_768
DIRECTIONS_AT_ONCE = 16

SWD_METHOD = (
    f"section 5 of the ProGAN paper: Laplacian pyramid down to {COARSEST} px, {PATCHES} patches of "
    f"{PATCH}x{PATCH} per level and picture, normalised per channel, {REPEATS} x {DIRECTIONS} "
    "directions, x1000"
)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SlicedWasserstein:
    """Distances times 1000, the unit of the paper; lower is better.

    Attributes:
        per_level: shorter side of the level of the pyramid in pixels -> distance, finest first.
        pictures: number of pictures of each set that were compared.
    """

    per_level: dict[int, float]
    pictures: int

    @property
    def mean(self) -> float:
        """Mean distance over all levels."""
        return float(np.mean(list(self.per_level.values())))


def sliced_wasserstein(
    real: PictureSet,
    generated: PictureSet,
    scratch: Path,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> SlicedWasserstein:
    """Compute the distance of two sets; only the first pictures of the larger set are used.

    Raises:
        ValueError: the pictures of the two sets differ in size or channels, or there are none.
        OSError: the disk of the folder `scratch` has too little space for the patches of one level.
    """
    if real.array.shape[1:] != generated.array.shape[1:]:
        raise ValueError(
            f"{real.array.shape[1:]} cannot be compared to {generated.array.shape[1:]}"
        )
    count = min(len(real), len(generated))
    if count < 1:
        raise ValueError("at least one picture of each set is needed")
    levels = levels_of(real.shorter)
    batches, pieces = -(-count // PICTURES_AT_ONCE), REPEATS * DIRECTIONS // DIRECTIONS_AT_ONCE
    advance = counted(len(levels) * (2 * batches + pieces), on_progress)
    distances: dict[int, float] = {}
    for number, size in enumerate(levels):
        clouds = [
            patches_of(
                pictures.first(count), number, scratch, np.random.default_rng([seed, i]), advance
            )
            for i, pictures in enumerate((real, generated))
        ]
        random = np.random.default_rng([seed, 2, number])
        distances[size] = SCALE * cloud_distance(clouds[0], clouds[1], random, advance)
    return SlicedWasserstein(distances, count)


def levels_of(shorter: int) -> tuple[int, ...]:
    """Sizes of the levels in pixels, finest first; pictures of 16 pixels or less have one level.

    Args:
        shorter: shorter side of the pictures; the longer one is halved as often.
    """
    sizes = [shorter]
    while sizes[-1] > COARSEST:
        sizes.append(sizes[-1] // 2)
    return tuple(sizes)


# ----------------------------------------------------------------------------------------
# The pyramid (Burt and Adelson 1983)


def laplacian_level(images: Tensor, number: int) -> Tensor:
    """Compute level `number`, 0 the finest, of images `[N, C, H, W]`; the last one is low-pass."""
    coarsest = len(levels_of(min(images.shape[-2:]))) - 1
    for _ in range(number):
        images = shrink(images)
    return images if number == coarsest else images - enlarge(shrink(images))


def shrink(images: Tensor) -> Tensor:
    """Blur by the binomial filter 1 4 6 4 1 in both directions, and keep every second pixel.

    Edges are reflected. Only the pixels that are kept are computed.
    """
    padded = F.pad(images, (2, 2, 2, 2), mode="reflect")
    return _kept(_kept(padded, 2), 3)


def enlarge(images: Tensor) -> Tensor:
    """Upsample by 2: insert zeros between the pixels, blur as `shrink`, and multiply by 4."""
    return _doubled(_doubled(images, 2), 3)


def _kept(padded: Tensor, axis: int) -> Tensor:
    """Blur along an axis that is padded by 2 at both ends, at every second place."""
    last = padded.shape[axis] - 4
    taps = [padded[_every_second(axis, first, first + last)] for first in range(5)]
    outer, inner = taps[0] + taps[4], taps[1] + taps[3]
    return outer.add_(inner, alpha=4.0).add_(taps[2], alpha=6.0).div_(16.0)


def _doubled(images: Tensor, axis: int) -> Tensor:
    """Upsample along an axis by 2, where half of the taps of the blur fall on zeros."""
    n = images.shape[axis]
    before = torch.cat([images.narrow(axis, 1, 1), images.narrow(axis, 0, n - 1)], axis)
    after = torch.cat([images.narrow(axis, 1, n - 1), images.narrow(axis, n - 1, 1)], axis)
    doubled = torch.cat([images, images], axis)
    doubled[_every_second(axis, 1)] = (images + after).div_(2.0)
    doubled[_every_second(axis, 0)] = before.add_(after).add_(images, alpha=6.0).div_(8.0)
    return doubled


def _every_second(axis: int, first: int, end: int | None = None) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, slice(first, end, 2))


# ----------------------------------------------------------------------------------------
# Clouds of patches


def patches_of(
    pictures: PictureSet,
    number: int,
    scratch: Path,
    random: np.random.Generator,
    advance: Advance = no_advance,
) -> Floats:
    """Cut patches of level `number`, `[n * 128, C * 7 * 7]`.

    Each channel is normalised to mean 0 and standard deviation 1. In pictures smaller than 7 pixels
    the patches are smaller.
    """
    side = min(PATCH, pictures.shorter)
    channels, width = pictures.channels, side * side
    cloud = scratch_array(scratch, (len(pictures) * PATCHES, channels * width), np.float32)
    sums, squares = np.zeros(channels), np.zeros(channels)
    done = 0
    for batch in pictures.batches(PICTURES_AT_ONCE):
        level = laplacian_level(_as_images(batch), number).numpy()
        patches = cut_patches(level, random, PATCHES, side)
        sums += patches.sum(axis=(0, 2), dtype=np.float64)
        squares += np.square(patches, dtype=np.float64).sum(axis=(0, 2))
        cloud[done : done + len(patches)] = patches.reshape(len(patches), -1)
        done += len(patches)
        advance()
    mean = sums / (done * width)
    deviation = np.sqrt(np.maximum(squares / (done * width) - mean**2, 0.0))
    deviation[deviation == 0.0] = 1.0  # a channel of one colour
    mean, deviation = (np.repeat(each, width).astype(np.float32) for each in (mean, deviation))
    for start in range(0, len(cloud), PATCHES_AT_ONCE):
        rows = cloud[start : start + PATCHES_AT_ONCE]
        rows -= mean
        rows /= deviation
    return cloud


def cut_patches(
    images: Floats, random: np.random.Generator, count: int = PATCHES, side: int = PATCH
) -> Floats:
    """Cut patches of each image `[N, C, H, W]` at random: `[N * count, C, side * side]`."""
    windows = sliding_window_view(images, (side, side), axis=(2, 3))  # [N, C, y, x, side, side]
    n, channels, height, width = windows.shape[:4]
    top = random.integers(0, height, (n, count))
    left = random.integers(0, width, (n, count))
    patches = windows[np.arange(n)[:, None], :, top, left]  # [N, count, C, side, side]
    return patches.reshape(n * count, channels, side * side)


def _as_images(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().contiguous()


# ----------------------------------------------------------------------------------------
# Distance of clouds


def cloud_distance(
    a: Floats, b: Floats, random: np.random.Generator, advance: Advance = no_advance
) -> float:
    """Mean Wasserstein-1 distance of `a` and `b` `[M, D]` over 4 x 128 random directions."""
    distances: list[float] = []
    for _ in range(REPEATS):
        directions = random.standard_normal((a.shape[1], DIRECTIONS)).astype(np.float32)
        directions /= np.linalg.norm(directions, axis=0)
        for start in range(0, DIRECTIONS, DIRECTIONS_AT_ONCE):
            some = directions[:, start : start + DIRECTIONS_AT_ONCE]
            difference = sorted_projections(a, some)
            difference -= sorted_projections(b, some)
            distances += np.abs(difference).mean(axis=1, dtype=np.float64).tolist()
            advance()
    return float(np.mean(distances))


def sorted_projections(cloud: Floats, directions: Floats) -> Floats:
    """Project points `[M, D]` onto directions `[D, K]`, in ascending order: `[K, M]`."""
    projections = np.empty((directions.shape[1], len(cloud)), np.float32)
    for start in range(0, len(cloud), PATCHES_AT_ONCE):
        rows = cloud[start : start + PATCHES_AT_ONCE]
        projections[:, start : start + len(rows)] = directions.T @ rows.T
    projections.sort(axis=1)
    return projections
