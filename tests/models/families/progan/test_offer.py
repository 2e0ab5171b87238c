"""The offer of the Progressive GAN: its networks and their initial weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from models.families.progan.config import ProganConfig
from models.families.progan.offer import PROGAN_FAMILY, draw_weights
from models.family import DiscriminatorOptions

CONFIG = ProganConfig(16, 3, 16, 128, 8, classes=3)


@pytest.mark.parametrize(("labels", "has_second_head"), [("projection", False), ("acgan", True)])
def test_the_discriminator_uses_classes_as_asked(labels: str, has_second_head: bool) -> None:
    """By projection, or by a second head."""
    discriminator = PROGAN_FAMILY.discriminator(CONFIG, DiscriminatorOptions(labels))
    names = dict(discriminator.named_parameters())

    assert ("head.class_scores.weight" in names) is has_second_head
    assert ("head.projection.weight" in names) is not has_second_head


def test_weights_are_drawn_in_the_order_of_their_names() -> None:
    """Biases take no numbers, and are 0."""
    last, first = nn.Linear(2, 1), nn.Linear(3, 1)
    network = nn.ModuleDict({"b": last, "a": first})
    draw_weights(network, np.random.Generator(np.random.Philox(4)))
    numbers = np.random.Generator(np.random.Philox(4)).standard_normal(5, dtype=np.float32)

    drawn = torch.cat([first.weight.flatten(), last.weight.flatten()])
    assert drawn.tolist() == numbers.tolist()
    assert first.bias.item() == last.bias.item() == 0.0
