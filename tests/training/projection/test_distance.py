"""The distance between pictures: pixels as they are, features as the frozen network sees them."""

from __future__ import annotations

import pytest
import torch

from models.pixels import from_pixels
from training.projection.distance import PictureDistance, unit_features
from training.quality.features import load_efficientnet, to_efficientnet_input, weights_path
from training.quality.networks.efficientnet import EfficientNetLite0


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    """With the published weights."""
    return load_efficientnet(weights_path(), torch.device("cpu"))


def pixels(channels: int, seed: int = 0) -> torch.Tensor:
    """Two coarse pictures of 16 px, uint8 `[2, 16, 16, C]`."""
    torch.manual_seed(seed)
    coarse = torch.randint(0, 256, (2, 4, 4, channels), dtype=torch.uint8)
    return coarse.repeat_interleave(4, 1).repeat_interleave(4, 2)


def test_pixels_alone_are_the_mean_squared_difference() -> None:
    """In units of [-1, 1]."""
    distance = PictureDistance(torch.zeros(1, 3, 8, 8))

    found = distance(torch.stack([torch.full((3, 8, 8), 0.5), torch.zeros(3, 8, 8)]))

    assert found.pixels.tolist() == [0.25, 0.0]
    assert found.features.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_features_tell_pictures_apart(network: EfficientNetLite0, channels: int) -> None:
    """None from the target itself; each picture of a batch has its own, and a gradient."""
    images = from_pixels(pixels(channels)).requires_grad_(True)
    distance = PictureDistance(images[:1].detach(), network)

    found = distance(images)
    found.total.sum().backward()

    # Alone and in a batch, sums of float32 may be rounded differently.
    same, other = found.features.tolist()
    assert same < 1e-6
    assert other > 0.05
    assert images.grad is not None
    assert float(images.grad[1].abs().max()) > 0.0


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_network_sees_what_it_sees_in_an_evaluation(
    network: EfficientNetLite0, channels: int
) -> None:
    """The same preparation, but for sums of float32 in another order."""
    given = pixels(channels)
    x = network.blocks[:3](network.stem(to_efficientnet_input(given.numpy(), 128)))
    expected = torch.nn.functional.normalize(x, dim=1)

    found = unit_features(network, from_pixels(given))[0]

    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-3)
