"""The adversarial game, as pure functions on one screen.

Owns the objectives, each term named as in its paper. Knows no optimiser, device, file or log: a
function gets a way to score images and the images, and returns a `Turn`.
Scores are fp32 `[N]`, images `[N, C, R, R]` in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

Score = Callable[[Tensor], Tensor]
Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Turn:
    """What one player's turn came to.

    Attributes:
        terms: scalars whose sum is the loss, weights included.
        watched: scalars that are only written down.
    """

    terms: Terms
    watched: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Penalty:
    """How the discriminator's slope is held down.

    Attributes:
        weight: lambda or gamma.
        share: share of the batch it is computed on.
        target: the gradient norm WGAN-GP aims at.
        drift: weight of the squared real scores.
        mix: uniform numbers `[N, 1, 1, 1]` that mix real and fake images.
    """

    weight: float
    share: float
    target: float
    drift: float
    mix: Tensor


def mean_scores(real: Tensor, fake: Tensor) -> Terms:
    """What the discriminator thinks of both sides; a growing gap says it is running away."""
    return {"score_real": real.mean(), "score_fake": fake.mean()}


# ----------------------------------------------------------------------------------------
# Slopes.


def score_gradient(score: Score, images: Tensor) -> tuple[Tensor, Tensor]:
    """Scores `[N]`, and their differentiable gradient with respect to the images, fp32."""
    images = images.detach().requires_grad_(True)
    scores = score(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return scores, gradient.float()


def penalised_count(images: int, share: float) -> int:
    """How many images of a batch are penalised: whole groups of four, rounded up."""
    return min(images, math.ceil(images * share / 4) * 4)


def scores_and_slope(score: Score, images: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Scores `[N]`, and the mean squared gradient norm over the penalised part of the batch."""
    count = penalised_count(len(images), share)
    scores, gradient = score_gradient(score, images[:count])
    if count < len(images):
        scores = torch.cat([scores, score(images[count:])])
    return scores, gradient.square().sum(dim=(1, 2, 3)).mean()


# ----------------------------------------------------------------------------------------
# WGAN-GP: Gulrajani et al. 2017, with the drift term of Karras et al. 2018, appendix A.1.


def wgan_gp_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Turn:
    """Critic: real scores up, fake scores down, slope at `target` between them."""
    real, fake = score(reals), score(fakes)
    _, gradient = score_gradient(score, torch.lerp(reals, fakes, penalty.mix))
    norm = gradient.square().sum(dim=(1, 2, 3)).sqrt()
    slope = (norm - penalty.target).square().mean() / penalty.target**2
    terms = {
        "wasserstein": fake.mean() - real.mean(),
        "gradient_penalty": penalty.weight * slope,
        "drift": penalty.drift * real.square().mean(),
    }
    return Turn(terms, mean_scores(real, fake))


def wgan_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Turn:
    """Fake scores up."""
    return Turn({"generator": -score(fakes).mean()})


# ----------------------------------------------------------------------------------------
# Non-saturating logistic loss (Goodfellow et al. 2014) with R1 (Mescheder et al. 2018).


def logistic_r1_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Turn:
    """Tell real from fake by cross-entropy; flat around real images."""
    real, slope = scores_and_slope(score, reals, penalty.share)
    fake = score(fakes)
    terms = {
        "logistic_real": F.softplus(-real).mean(),
        "logistic_fake": F.softplus(fake).mean(),
        "r1": penalty.weight / 2 * slope,
    }
    return Turn(terms, mean_scores(real, fake))


def logistic_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Turn:
    """Be taken for real, by cross-entropy."""
    return Turn({"generator": F.softplus(-score(fakes)).mean()})


# ----------------------------------------------------------------------------------------
# Relativistic pairing with R1 and R2: R3GAN, Huang et al. 2024, equations 2 and 5.


def rpgan_r1r2_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Turn:
    """Score each real image above its fake partner; flat around both."""
    real, slope_real = scores_and_slope(score, reals, penalty.share)
    fake, slope_fake = scores_and_slope(score, fakes, penalty.share)
    terms = {
        "relativistic": F.softplus(fake - real).mean(),
        "r1": penalty.weight / 2 * slope_real,
        "r2": penalty.weight / 2 * slope_fake,
    }
    return Turn(terms, mean_scores(real, fake))


def rpgan_generator(score: Score, reals: Tensor, fakes: Tensor) -> Turn:
    """Score each fake image above its real partner."""
    with torch.no_grad():
        real = score(reals)
    return Turn({"generator": F.softplus(real - score(fakes)).mean()})


# ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objective:
    """One game: what each player minimises."""

    discriminator: Callable[[Score, Tensor, Tensor, Penalty], Turn]
    generator: Callable[[Score, Tensor, Tensor], Turn]
    scales_with_image: bool  # whether the penalty weight grows with R^2 / batch size


OBJECTIVES: dict[str, Objective] = {
    "wgan-gp": Objective(wgan_gp_discriminator, wgan_generator, scales_with_image=False),
    "logistic-r1": Objective(logistic_r1_discriminator, logistic_generator, scales_with_image=True),
    "rpgan-r1r2": Objective(rpgan_r1r2_discriminator, rpgan_generator, scales_with_image=True),
}
