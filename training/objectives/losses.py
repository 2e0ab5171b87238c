"""The adversarial losses, as pure functions.

Owns the objectives, each term named as in its paper; gradient norms are in `gradient_penalty.py`.
Knows no optimizer, device, file or log: a loss takes a score function and images, and returns a
`Loss`. Scores are fp32 `[N]`, images `[N, C, H, W]` in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from training.objectives.gradient_penalty import (
    GRADIENT_NORMS,
    Penalty,
    Score,
    score_gradient,
    scores_and_gradient_norm,
)
from training.objectives.loss_terms import Loss, Terms, mean_scores, scores_around_zero

TINIEST = 1e-30  # lower bound of a squared norm; below it the derivative is 0


# ----------------------------------------------------------------------------------------
# WGAN-GP: Gulrajani et al. 2017, with the drift term of Karras et al. 2018, appendix A.1.


def wgan_gp_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
    """Critic: raise real scores, lower fake ones; gradient norm near `target` at interpolations."""
    real, fake = score(reals), score(fakes)
    _, gradient = score_gradient(score, torch.lerp(reals, fakes, penalty.mix))
    # The square root of 0 has an infinite derivative, which would make the whole gradient NaN.
    norm = gradient.square().sum(dim=(1, 2, 3)).clamp_min(TINIEST).sqrt()
    deviation = (norm - penalty.target).square().mean() / penalty.target**2
    terms = {
        "wasserstein": fake.mean() - real.mean(),
        "gradient_penalty": penalty.weight * deviation,
        "drift": penalty.drift * real.square().mean(),
    }
    return Loss(terms, mean_scores(real, fake))


def wgan_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """Raise the fake scores."""
    return Loss({"generator": -score(fakes).mean()})


# ----------------------------------------------------------------------------------------
# Non-saturating logistic loss (Goodfellow et al. 2014) with R1 (Mescheder et al. 2018).


def logistic_r1_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
    """Cross-entropy between real and fake; R1 penalises the gradient at real images."""
    real, gradient_norm = scores_and_gradient_norm(score, reals, penalty)
    fake = score(fakes)
    terms = {
        "logistic_real": F.softplus(-real).mean(),
        "logistic_fake": F.softplus(fake).mean(),
        "r1": penalty.weight / 2 * gradient_norm,
    }
    return Loss(terms, scores_around_zero(real, fake))


def logistic_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """Cross-entropy of the fake images against the label real."""
    return Loss({"generator": F.softplus(-score(fakes)).mean()})


# ----------------------------------------------------------------------------------------
# Least squares: Mao et al. 2017, equation 9, with 1 for real and 0 for fake.


def least_squares_discriminator(
    score: Score, reals: Tensor, fakes: Tensor, _penalty: Penalty
) -> Loss:
    """Half the squared distance of real scores from 1, and of fake ones from 0."""
    real, fake = score(reals), score(fakes)
    terms = {
        "least_squares_real": 0.5 * (real - 1.0).square().mean(),
        "least_squares_fake": 0.5 * fake.square().mean(),
    }
    return Loss(terms, mean_scores(real, fake))


def least_squares_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """Squared distance of the fake scores from 1, without the half of the paper.

    So it is in the code of Zhu et al. 2017, on whose scale the weight of their cycle term is.
    """
    return Loss({"generator": (score(fakes) - 1.0).square().mean()})


# ----------------------------------------------------------------------------------------
# The same without a penalty: Goodfellow et al. 2014, section 3, as DCGAN has it.


def bce_discriminator(score: Score, reals: Tensor, fakes: Tensor, _penalty: Penalty) -> Loss:
    """Cross-entropy between real and fake (binary, of scores without a sigmoid)."""
    real, fake = score(reals), score(fakes)
    terms = {"bce_real": F.softplus(-real).mean(), "bce_fake": F.softplus(fake).mean()}
    return Loss(terms, scores_around_zero(real, fake))


# ----------------------------------------------------------------------------------------
# WGAN: Arjovsky et al. 2017, algorithm 1. The weights are clipped after each update.


def wgan_discriminator(score: Score, reals: Tensor, fakes: Tensor, _penalty: Penalty) -> Loss:
    """Critic: raise real scores, lower fake ones."""
    real, fake = score(reals), score(fakes)
    return Loss({"wasserstein": fake.mean() - real.mean()}, mean_scores(real, fake))


# ----------------------------------------------------------------------------------------
# Hinge loss: Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, equations 16 and 17. In the
# latter, spectral normalisation bounds the gradient; these networks have none, so R1 bounds it.


def hinge_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
    """Hinge at real scores of 1 and fake scores of -1; R1 penalises the gradient at real images."""
    real, gradient_norm = scores_and_gradient_norm(score, reals, penalty)
    fake = score(fakes)
    terms = {
        "hinge_real": F.relu(1.0 - real).mean(),
        "hinge_fake": F.relu(1.0 + fake).mean(),
        "r1": penalty.weight / 2 * gradient_norm,
    }
    return Loss(terms, scores_around_zero(real, fake))


def hinge_generator(score: Score, _reals: Tensor, fakes: Tensor) -> Loss:
    """Raise the fake scores."""
    return Loss({"generator": -score(fakes).mean()})


# ----------------------------------------------------------------------------------------
# Relativistic pairing with R1 and R2: R3GAN, Huang et al. 2024, equations 2 and 5.


def rpgan_r1r2_discriminator(score: Score, reals: Tensor, fakes: Tensor, penalty: Penalty) -> Loss:
    """Score each real image above its paired fake; R1 and R2 penalise the gradient at both."""
    real, norm_real = scores_and_gradient_norm(score, reals, penalty)
    fake, norm_fake = scores_and_gradient_norm(score, fakes, penalty, side=1)
    terms = {
        "relativistic": F.softplus(fake - real).mean(),
        "r1": penalty.weight / 2 * norm_real,
        "r2": penalty.weight / 2 * norm_fake,
    }
    return Loss(terms, mean_scores(real, fake))


def rpgan_generator(score: Score, reals: Tensor, fakes: Tensor) -> Loss:
    """Score each fake image above its paired real image."""
    with torch.no_grad():
        real = score(reals)
    return Loss({"generator": F.softplus(real - score(fakes)).mean()})


# ----------------------------------------------------------------------------------------
# AC-GAN, Odena et al. 2017, equation 3, added to any objective above: the discriminator learns to
# classify real and fake images, the generator to produce images that are classified as requested.


def acgan_terms(scores: Terms, labels: Tensor, weight: float) -> Terms:
    """Cross-entropy between each of the class scores `[N, classes]`, by name, and `labels`."""
    return {name: weight * F.cross_entropy(s, labels) for name, s in scores.items()}


# ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objective:
    """One objective: the losses of both networks, and its default weights.

    Attributes:
        discriminator: loss of the discriminator.
        generator: loss of the generator.
        penalty_weight: default, as are the next two (`TrainingConfig` explains them).
        drift: default weight of the squared real scores.
        penalty_target: default target of the gradient norm.
        scales_with_image: True if the penalty weight is multiplied by H W / batch size.
        penalties: kinds of gradient norm that it supports.
        takes_share: True if the penalty can be computed on a share of the batch, else on all of it.
        has_zero: True if a score of 0 separates real from fake.
        penalised: True if it has a gradient penalty.
        weight_clip: default bound of the discriminator's weights; 0 if they are not clipped.
        lazy: terms of its penalty, at real and at fake images, that may be left out of most steps.
    """

    discriminator: Callable[[Score, Tensor, Tensor, Penalty], Loss]
    generator: Callable[[Score, Tensor, Tensor], Loss]
    penalty_weight: float
    drift: float = 0.0
    penalty_target: float = 1.0
    scales_with_image: bool = True
    penalties: tuple[str, ...] = tuple(GRADIENT_NORMS)
    takes_share: bool = True
    has_zero: bool = False
    penalised: bool = True
    weight_clip: float = 0.0
    lazy: tuple[str, ...] = ()

    @property
    def usual(self) -> dict[str, float]:
        """Default penalty settings of this objective, by name."""
        return {
            "weight": self.penalty_weight,
            "drift": self.drift,
            "target": self.penalty_target,
        }


_without_penalty = partial(Objective, penalty_weight=0.0, takes_share=False, penalised=False)
_with_r1 = partial(Objective, penalty_weight=0.0005, has_zero=True, lazy=("r1",))

# Weights: Karras et al. 2018, appendix A.1. For R1 without R2, a weight with which training never
# diverged (fashion-32), and with R2, one that was stable on the personas (both in the lab book).
# Hinge has R1 too, so the same weight.
OBJECTIVES: dict[str, Objective] = {
    "wgan-gp": Objective(
        wgan_gp_discriminator,
        wgan_generator,
        penalty_weight=10.0,
        drift=0.001,
        scales_with_image=False,
        # Its target norm is 1, not 0: squared differences give only a mean of squared norms.
        penalties=("exact",),
        takes_share=False,
    ),
    "logistic-r1": _with_r1(logistic_r1_discriminator, logistic_generator),
    "hinge": _with_r1(hinge_discriminator, hinge_generator),
    "rpgan-r1r2": Objective(
        rpgan_r1r2_discriminator, rpgan_generator, penalty_weight=0.01, lazy=("r1", "r2")
    ),
    "bce": _without_penalty(bce_discriminator, logistic_generator, has_zero=True),
    "least-squares": _without_penalty(least_squares_discriminator, least_squares_generator),
    "wgan": _without_penalty(wgan_discriminator, wgan_generator, weight_clip=0.01),
}
