"""Scores whose gradient is known in closed form, for the tests of losses and gradient norms."""

from torch import Tensor

from training.objectives.gradient_penalty import Score


def linear(weight: Tensor) -> Score:
    """Score w.x: its gradient is w everywhere."""
    return lambda images, _first=0: (images * weight).sum(dim=(1, 2, 3))


def quadratic(weight: Tensor) -> Score:
    """Score sum of w x^2 / 2: its gradient is w x."""
    return lambda images, _first=0: (images.square() * weight).sum(dim=(1, 2, 3)) / 2


def squared_norm(gradient_norm: Tensor) -> Tensor:
    """Per image."""
    return gradient_norm.square().sum(dim=(1, 2, 3))
