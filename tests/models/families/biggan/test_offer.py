"""Initial weights of a BigGAN."""

from __future__ import annotations

import numpy as np
import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.biggan.offer import draw_biggan_weights, orthogonal

TINY = BigganConfig(16, 1, 9, 4, 256, 16, attention=8, classes=3)


def test_a_matrix_has_orthonormal_rows_or_columns() -> None:
    """Whichever are fewer."""
    wide, tall = (orthogonal(shape, np.random.default_rng(0)) for shape in ((4, 2, 3, 3), (9, 4)))

    torch.testing.assert_close(wide.flatten(1) @ wide.flatten(1).T, torch.eye(4))
    torch.testing.assert_close(tall.T @ tall, torch.eye(4))


def test_weights_follow_from_the_source_alone() -> None:
    """Biases and strength of attention are 0, factors of the last normalisation 1."""
    first, second = (BigganGenerator(TINY) for _ in range(2))
    for network in (first, second):
        draw_biggan_weights(network, np.random.default_rng(5))

    state = first.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in second.state_dict().items())
    assert state["synthesis.attention.strength"] == 0.0
    assert torch.equal(state["synthesis.norm.norm.weight"], torch.ones(16))
    assert not state["synthesis.first.bias"].any()
