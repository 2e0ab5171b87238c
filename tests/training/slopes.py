"""Scores whose slope is known in closed form, for the tests of losses and slopes."""

from torch import Tensor

from training.objectives.gradient_penalty import Score


def linear(weight: Tensor) -> Score:
    """Score w.x: its slope is w everywhere."""
    return lambda images, _first=0: (images * weight).sum(dim=(1, 2, 3))


def quadratic(weight: Tensor) -> Score:
    """Score sum of w x^2 / 2: its slope is w x."""
    return lambda images, _first=0: (images.square() * weight).sum(dim=(1, 2, 3)) / 2


def squared_norm(slope: Tensor) -> Tensor:
    """Per image."""
    return slope.square().sum(dim=(1, 2, 3))
