"""Gradient penalties: the norm of the discriminator's gradient with respect to its images.

Owns the methods to compute it, and `Penalty`, their settings and random numbers. Knows no
objective: `losses.py` weights the result. Scores are fp32 `[N]`, images `[N, C, H, W]` in [-1, 1].

The penalty is computed at every step by default. Lazy regularization (`penalty_interval`, only
every few steps, as in StyleGAN2) costs less, but R3GAN then lost all modes of Stacked MNIST (Huang
et al. 2024, appendix E); `share` saves as much without that effect. The discriminator is not
compiled: in some releases of torch a compiled gradient cannot be differentiated again, and a
penalty computed from it trains nothing, without an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

BF16_SIGMA = 0.1  # at 0.01, rounding triples the measured norm (see the lab book)


class Score(Protocol):
    """Score function of the discriminator, as the losses call it."""

    def __call__(self, images: Tensor, first: int = 0, /) -> Tensor:
        """Scores `[n]` of `images`, which begin at index `first` of the batch.

        The index selects the class labels of the images, if there are classes.
        """
        ...


@dataclass(frozen=True)
class Penalty:
    """Settings and random numbers of the gradient penalty of one step.

    Attributes:
        weight: lambda or gamma; at 0 no gradient is computed.
        share: share of the batch on which the penalty is computed.
        target: the target gradient norm of WGAN-GP.
        drift: weight of the squared real scores.
        mix: uniform numbers `[N, 1, 1, 1]` that interpolate between real and fake images.
        kind: a name in `GRADIENT_NORMS`.
        sigma: step size of finite differences, in units of the images.
        noise: standard normal numbers `[2, n, C, H, W]` for finite differences: for the penalised
            real images, and for the fake ones.
        processes: number of processes that share each batch equally; the tensors above are of one
            share.
    """

    weight: float
    share: float
    target: float
    drift: float
    mix: Tensor
    kind: str = "exact"
    sigma: float = 0.01
    noise: Tensor | None = None
    processes: int = 1


def penalised_count(images: int, share: float) -> int:
    """Number of penalised images of a batch: a multiple of four, rounded up."""
    return min(images, math.ceil(images * share / 4) * 4)


def scores_and_gradient_norm(
    score: Score, images: Tensor, penalty: Penalty, side: int = 0
) -> tuple[Tensor, Tensor]:
    """Scores `[N]`, and the mean squared gradient norm over the penalised part of the batch.

    Args:
        score: the discriminator.
        images: real or fake images.
        penalty: its share, kind and random numbers.
        side: 0 for real images, 1 for fake ones; selects the noise.
    """
    if not penalty.weight:
        return score(images), images.new_zeros(())
    count = penalised_count(len(images) * penalty.processes, penalty.share) // penalty.processes
    scores, gradient_norm = GRADIENT_NORMS[penalty.kind](score, images[:count], penalty, side)
    if count < len(images):
        scores = torch.cat([scores, score(images[count:], count)])
    return scores, gradient_norm


# ----------------------------------------------------------------------------------------
# Exact: the gradient with respect to the images; `backward` differentiates it again.


def score_gradient(score: Score, images: Tensor) -> tuple[Tensor, Tensor]:
    """Scores `[N]`, and their differentiable gradient with respect to the images, fp32."""
    images = images.detach().requires_grad_(True)
    scores = score(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return scores, gradient.to(torch.promote_types(gradient.dtype, torch.float32))


def exact_gradient_norm(
    score: Score, images: Tensor, _penalty: Penalty, _side: int
) -> tuple[Tensor, Tensor]:
    """Scores `[n]` and the mean squared gradient norm (Mescheder et al. 2018, equation 9)."""
    scores, gradient = score_gradient(score, images)
    return scores, gradient.square().sum(dim=(1, 2, 3)).mean()


# ----------------------------------------------------------------------------------------
# Finite differences: the "approximated R1" of adversarial post-training (Lin et al. 2025). Its mean
# over the noise converges to the exact R1 as sigma goes to 0. It needs no double backward. Here it
# is divided by sigma^2, unlike in that paper, so that a weight means the same for both kinds.


def finite_difference_gradient_norm(
    score: Score, images: Tensor, penalty: Penalty, side: int
) -> tuple[Tensor, Tensor]:
    """Scores `[n]`, and the mean of (D(x + sigma noise) - D(x))^2 / sigma^2.

    Raises:
        ValueError: the penalty has no noise.
    """
    if penalty.noise is None:
        raise ValueError("a penalty by finite differences needs noise")
    scores = score(images)
    moved = score(images.detach() + penalty.sigma * penalty.noise[side])
    return scores, ((moved - scores) / penalty.sigma).square().mean()


def survives_bf16(kind: str, sigma: float) -> bool:
    """True if this gradient norm is larger than the rounding error of scores in bf16."""
    return kind != "finite-difference" or sigma >= BF16_SIGMA


GradientNorm = Callable[[Score, Tensor, Penalty, int], tuple[Tensor, Tensor]]
GRADIENT_NORMS: dict[str, GradientNorm] = {
    "exact": exact_gradient_norm,
    "finite-difference": finite_difference_gradient_norm,
}
