"""The search for the latent or style whose picture is nearest to a target.

Owns its order: points of random seeds are compared with a small view of the target; the nearest
ones descend by its pixels; the best of them descends at full size by pixels and features. One
picture is computed at a time, so that memory does not grow with the number of starts.
Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", appendix D
(projection by gradient descent), here without noise and from several starts: from one, a network
that is narrow at its entrance often ends in a wrong picture. Knows no file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from models.pixels import from_pixels
from training.generation import LatentPoint, Sampler, entry_of, rendered_images
from training.progress_bar import Advance, OnProgress, counted, ignore_progress
from training.projection.candidates import Region, candidate_seeds, points_of, region_of
from training.projection.distance import Distance, PictureDistance
from training.quality.networks.efficientnet import EfficientNetLite0

SMALL_VIEW: Final = 64  # pixels: larger targets are first approached in a view of this resolution
FIRST_RATE: Final = 0.1  # of Adam, in units of the region
LAST_RATE: Final = 0.05


@dataclass(frozen=True)
class SearchEffort:
    """Work of a projection; time grows with it.

    Attributes:
        candidates: random seeds that are compared with the target.
        starts: the nearest of them, which descend.
        steps: of the best one, at full size.
    """

    candidates: int = 256
    starts: int = 8
    steps: int = 200

    @property
    def first_steps(self) -> int:
        """Steps of each start, in the small view."""
        return self.steps // 2

    @property
    def total(self) -> int:
        """Pictures that are computed."""
        return self.candidates + self.starts * (self.first_steps + 1) + self.steps


@dataclass(frozen=True)
class Projection:
    """The nearest point that was found.

    Attributes:
        point: with its class.
        pixel_error: of its picture, mean squared difference in units of [-1, 1].
        feature_distance: of its picture; None without a network.
    """

    point: LatentPoint
    pixel_error: float
    feature_distance: float | None

    @property
    def loss(self) -> float:
        """Sum of both."""
        return self.pixel_error + (self.feature_distance or 0.0)


def project(
    sampler: Sampler,
    target: Tensor,
    resolutions: tuple[int, ...],
    *,
    seed: int = 1,
    effort: SearchEffort | None = None,
    network: EfficientNetLite0 | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Projection:
    """Find the point whose picture is nearest to a target.

    The same arguments give the same point on the same machine with the same number of threads.

    Args:
        sampler: the generator at the resolution of the target; with a class, points have this one,
            else that of the nearest seeds.
        target: image `[1, C, H, W]` in [-1, 1], on the device of the generator.
        resolutions: those that may be used, of which one is that of the target.
        seed: of the candidates.
        effort: candidates, starts and steps.
        network: for features; None for pixels alone.
        on_progress: called with the pictures computed, and their number.
    """
    effort = effort or SearchEffort()
    advance = counted(effort.total, on_progress)
    size = max(r for r in resolutions if r <= max(SMALL_VIEW, min(resolutions)))
    small = replace(sampler, resolution=min(size, sampler.resolution))
    view = PictureDistance(F.avg_pool2d(target, sampler.resolution // small.resolution))
    points = points_of(sampler, candidate_seeds(seed, effort.candidates))
    region = region_of(sampler, points)
    starts = [
        descend(small, start, view, region, effort.first_steps, FIRST_RATE, advance)
        for start in nearest(small, points, view, effort.starts, advance)
    ]
    (best,) = nearest(small, starts, view, 1, advance)
    whole = PictureDistance(target, network)
    found = descend(sampler, best, whole, region, effort.steps, LAST_RATE, advance)
    return _measured(sampler, found, whole, with_features=network is not None)


def nearest(
    sampler: Sampler,
    points: list[LatentPoint],
    distance: PictureDistance,
    count: int,
    advance: Advance,
) -> list[LatentPoint]:
    """The points whose pictures are nearest to the target, the nearest first."""
    totals: list[float] = []
    with torch.no_grad():
        for point in points:
            vector = torch.from_numpy(point.vector)
            totals.append(float(_distance(sampler, vector, point.label, distance).total))
            advance()
    order = sorted(range(len(points)), key=totals.__getitem__)
    return [points[number] for number in order[:count]]


def descend(
    sampler: Sampler,
    point: LatentPoint,
    distance: PictureDistance,
    region: Region,
    steps: int,
    rate: float,
    advance: Advance,
) -> LatentPoint:
    """Move a point towards the target by Adam, at a rate that falls to 0 as half a cosine."""
    vector = torch.tensor(point.vector, requires_grad=True)
    optimizer = torch.optim.Adam([vector], lr=rate * region.unit)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
    for _ in range(steps):
        optimizer.zero_grad()
        _distance(sampler, vector, point.label, distance).total.sum().backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            vector.copy_(region.limited(vector))
        advance()
    return replace(point, vector=vector.detach().numpy())


def _distance(
    sampler: Sampler, vector: Tensor, label: int | None, distance: PictureDistance
) -> Distance:
    """Distance of the picture of a vector `[S]`."""
    entry = entry_of(sampler.entrance, vector, label)
    return distance(rendered_images(sampler.generator, sampler.resolution, entry[None]))


@torch.no_grad()
def _measured(
    sampler: Sampler, point: LatentPoint, distance: PictureDistance, *, with_features: bool
) -> Projection:
    """Distances of the picture of 8 bits that the point gives."""
    pixels = torch.from_numpy(replace(sampler, bit_depth=8).picture(point))
    device = next(sampler.generator.parameters()).device
    found = distance(from_pixels(pixels[None]).to(device))
    features = float(found.features) if with_features else None
    return Projection(point, float(found.pixels), features)
