"""The network of the reader."""

import pytest
import torch

from training.quality.parts.network import PartNetwork


@pytest.mark.parametrize(
    ("channels", "size"), [(3, (64, 64)), (1, (32, 32)), (4, (16, 24)), (3, (8, 8)), (3, (128, 16))]
)
def test_each_part_has_logits_and_all_share_features(channels: int, size: tuple[int, int]) -> None:
    """For every shape that data can have."""
    network = PartNetwork(channels, size, [5, 2]).eval()

    features, logits = network(torch.zeros(3, channels, *size))

    assert features.shape == (3, 128)
    assert [tuple(logit.shape) for logit in logits] == [(3, 5), (3, 2)]


def test_the_last_features_of_squares_have_four_pixels_a_side() -> None:
    """Of all sizes up to 64: larger pictures do not need a larger dense layer."""
    widths = {PartNetwork(3, (side, side), [2]).dense.in_features for side in (8, 16, 32, 64)}

    assert widths == {96 * 16}
