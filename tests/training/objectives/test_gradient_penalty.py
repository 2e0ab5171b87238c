"""Gradient norms against closed forms, and through a real discriminator in fp64."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.families.progan.config import ProganConfig
from models.families.progan.discriminator import Discriminator
from models.growth import Growth
from tests.training.scores import linear, quadratic, squared_norm
from training.objectives.gradient_penalty import (
    GRADIENT_NORMS,
    Penalty,
    exact_gradient_norm,
    finite_difference_gradient_norm,
    penalised_count,
    score_gradient,
    scores_and_gradient_norm,
)

N = 8
MIX = torch.zeros(N, 1, 1, 1)


@pytest.fixture
def images() -> Tensor:
    """Eight images `[8, 3, 4, 4]` in [-1, 1]."""
    return torch.rand(N, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture
def weight() -> Tensor:
    """The one parameter of the scores below, `[3, 4, 4]`."""
    return torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.fixture
def discriminator() -> Discriminator:
    """A small real one in fp64, fading in at 8 px."""
    torch.manual_seed(0)
    return Discriminator(ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8)).double()


def penalty_of(
    share: float = 1.0,
    kind: str = "exact",
    sigma: float = 0.01,
    noise: Tensor | None = None,
    weight: float = 1.0,
) -> Penalty:
    """A penalty as far as gradient norms need it."""
    return Penalty(weight, share, 1.0, 0.0, MIX, kind, sigma, noise)


def test_a_share_of_a_batch_has_its_part_of_the_penalised_images(weight: Tensor) -> None:
    """A quarter of 16 is one group of four; each of two processes has two of its images."""
    share = torch.rand(N, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    penalty = replace(penalty_of(share=0.25), processes=2)

    _, gradient_norm = scores_and_gradient_norm(quadratic(weight), share, penalty)

    expected = squared_norm(weight.detach() * share[:2]).mean()
    torch.testing.assert_close(gradient_norm, expected)


def noise_for(images: Tensor, draws: int = 1) -> Tensor:
    """Standard normal numbers for both sides, of `draws` times as many images."""
    shape = (2, draws * len(images), *images.shape[1:])
    source = torch.Generator().manual_seed(5)
    return torch.randn(shape, generator=source, dtype=images.dtype)


def test_a_gradient_is_that_of_each_image_alone(weight: Tensor, images: Tensor) -> None:
    """The gradient of the quadratic is w x, image by image, and the scores come along."""
    scores, gradient = score_gradient(quadratic(weight), images)

    torch.testing.assert_close(gradient, weight.detach() * images)
    torch.testing.assert_close(scores, quadratic(weight)(images))


@pytest.mark.parametrize(
    ("images", "share", "count"),
    [
        (32, 0.25, 8),
        (64, 0.25, 16),
        (16, 0.25, 4),
        (8, 0.25, 4),
        (14, 0.25, 4),
        (10, 0.5, 8),
        (10, 1.0, 10),
        (9, 1.0, 9),
        (3, 1.0, 3),
        (3, 0.1, 3),
    ],
)
def test_whole_groups_are_penalised(images: int, share: float, count: int) -> None:
    """Of four, as the minibatch deviation takes them; all images where the share is 1."""
    assert penalised_count(images, share) == count


@pytest.mark.parametrize("kind", GRADIENT_NORMS)
def test_a_share_penalises_the_first_images_and_scores_all(
    weight: Tensor, images: Tensor, kind: str
) -> None:
    """In their own order, each with its place in the batch."""
    places: list[tuple[int, int]] = []

    def placed(given: Tensor, first: int = 0) -> Tensor:
        places.append((first, len(given)))
        return quadratic(weight)(given)

    penalty = penalty_of(0.5, kind, noise=noise_for(images[:4]))
    scores, gradient_norm = scores_and_gradient_norm(placed, images, penalty)

    torch.testing.assert_close(scores, quadratic(weight)(images))
    alone = GRADIENT_NORMS[kind](quadratic(weight), images[:4], penalty, 0)[1]
    torch.testing.assert_close(gradient_norm, alone)
    assert places[-1] == (4, 4)
    assert set(places[:-1]) == {(0, 4)}


def test_a_weight_of_nothing_costs_nothing(weight: Tensor, images: Tensor) -> None:
    """One pass over the images, and a norm of zero."""
    passes: list[int] = []

    def counted(given: Tensor, _first: int = 0) -> Tensor:
        passes.append(len(given))
        return quadratic(weight)(given)

    scores, gradient_norm = scores_and_gradient_norm(counted, images, penalty_of(weight=0.0))

    assert passes == [N]
    assert gradient_norm.item() == 0.0
    torch.testing.assert_close(scores, quadratic(weight)(images))


# ----------------------------------------------------------------------------------------
# Finite differences


@pytest.mark.parametrize("side", [0, 1])
def test_finite_differences_of_a_straight_score_are_its_directional_derivatives(
    weight: Tensor, images: Tensor, side: int
) -> None:
    """(w.noise)^2, for the noise of that side, and 2 (w.noise) noise is the gradient in w."""
    noise = noise_for(images)
    penalty = penalty_of(kind="finite-difference", noise=noise)

    scores, gradient_norm = finite_difference_gradient_norm(linear(weight), images, penalty, side)
    (gradient,) = torch.autograd.grad(gradient_norm, weight)

    along = (weight.detach() * noise[side]).sum(dim=(1, 2, 3))
    torch.testing.assert_close(scores, linear(weight)(images))
    torch.testing.assert_close(gradient_norm.detach(), along.square().mean(), rtol=1e-3, atol=0)
    expected = (2 * along.reshape(N, 1, 1, 1) * noise[side]).mean(dim=0)
    torch.testing.assert_close(gradient, expected, rtol=1e-2, atol=1e-2)


def test_over_much_noise_finite_differences_are_the_exact_norm(
    weight: Tensor, images: Tensor
) -> None:
    """E (g.n)^2 = |g|^2 for standard normal n: the same weight means the same penalty."""
    many = images.repeat(2_000, 1, 1, 1)
    penalty = penalty_of(kind="finite-difference", noise=noise_for(images, 2_000), sigma=1e-2)
    with torch.no_grad():
        _, gradient_norm = finite_difference_gradient_norm(quadratic(weight), many, penalty, 0)

    exact = squared_norm(weight.detach() * images).mean()
    torch.testing.assert_close(gradient_norm, exact, rtol=0.05, atol=0)


def test_finite_differences_need_noise(weight: Tensor, images: Tensor) -> None:
    """They are nothing without a direction."""
    with pytest.raises(ValueError, match="needs noise"):
        finite_difference_gradient_norm(linear(weight), images, penalty_of(), 0)


# ----------------------------------------------------------------------------------------
# The penalty reaches the discriminator


def small(discriminator: Discriminator) -> tuple[list[Tensor], Tensor]:
    """The active weights at 8 px, half faded in, and four images in fp64."""
    source = torch.Generator().manual_seed(7)
    images = torch.rand(4, 3, 8, 8, generator=source, dtype=torch.float64) * 2 - 1
    weights: list[Tensor] = [p for n, p in discriminator.named_parameters() if n.endswith("weight")]
    return weights, images


@pytest.mark.parametrize("kind", GRADIENT_NORMS)
def test_the_gradient_of_a_norm_is_its_true_rate_of_change(
    discriminator: Discriminator, kind: str
) -> None:
    """Backward against differences of the norm itself, along random changes of all weights.

    Were the second derivative lost anywhere, as a compiled gradient can lose it, this would differ.
    """
    weights, images = small(discriminator)
    penalty = penalty_of(kind=kind, noise=noise_for(images))

    def gradient_norm() -> Tensor:
        return GRADIENT_NORMS[kind](score, images, penalty, 0)[1]

    def score(given: Tensor, _first: int = 0) -> Tensor:
        return discriminator(given, Growth(1, 0.5))

    gradients = torch.autograd.grad(gradient_norm(), weights)
    source = torch.Generator().manual_seed(11)
    steps = [torch.randn(w.shape, generator=source, dtype=w.dtype) for w in weights]
    foretold = sum(float((g * step).sum()) for g, step in zip(gradients, steps, strict=True))
    found: list[float] = []
    for sign in (1.0, -2.0):  # forward, then back to the other side
        with torch.no_grad():
            for weight, step in zip(weights, steps, strict=True):
                weight += sign * 1e-5 * step
        found.append(gradient_norm().item())

    assert abs(foretold) > 1e-3
    assert (found[0] - found[1]) / 2e-5 == pytest.approx(foretold, rel=1e-4)


def test_the_exact_gradient_is_that_along_every_pixel(discriminator: Discriminator) -> None:
    """The squared norm, against central differences of the score, pixel by pixel, of one image."""
    _, images = small(discriminator)
    image = images[:1]

    def score(given: Tensor, _first: int = 0) -> Tensor:
        return discriminator(given)

    _, gradient_norm = exact_gradient_norm(score, image, penalty_of(), 0)
    with torch.no_grad():
        moves = 1e-6 * torch.eye(image.numel(), dtype=image.dtype).reshape(-1, *image.shape[1:])
        up = torch.stack([score(image + move)[0] for move in moves])
        down = torch.stack([score(image - move)[0] for move in moves])

    by_pixel = (up - down) / 2e-6
    assert gradient_norm.item() == pytest.approx(by_pixel.square().sum().item(), rel=1e-6)
