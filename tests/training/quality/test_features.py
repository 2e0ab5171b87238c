"""Features: their weights, what the network is shown, and their order."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training.quality.features import (
    WeightsError,
    efficientnet_features,
    input_size_of,
    load_efficientnet,
    to_efficientnet_input,
    weights_path,
)
from training.quality.networks.efficientnet import EfficientNetLite0
from training.quality.pictures import PictureSet


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    """With the published weights."""
    return load_efficientnet(weights_path(), torch.device("cpu"))


@pytest.mark.parametrize("kind", ["changed", "missing"])
def test_other_weights_are_refused_before_they_are_read(tmp_path: Path, kind: str) -> None:
    """By their digest."""
    path = tmp_path / "weights.pth"
    if kind == "changed":
        path.write_bytes(weights_path().read_bytes()[:-1])

    with pytest.raises(WeightsError, match=r"5793\w+ is needed: install efficientnet-lite0"):
        load_efficientnet(path, torch.device("cpu"))


# ----------------------------------------------------------------------------------------
# What it is shown


def test_pictures_are_resized_as_pillow_does_it() -> None:
    """Smaller and larger, within one step of 256: Pillow rounds."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (1, 64, 64, 3), np.uint8)

    for size in (24, 128):
        seen = to_efficientnet_input(pixels, size)
        expected = np.asarray(
            Image.fromarray(pixels[0]).resize((size, size), Image.Resampling.BILINEAR)
        )
        shown = seen[0].permute(1, 2, 0).numpy() * 128 + 127
        assert np.abs(shown - expected).max() <= 1.01


def test_gray_is_repeated_and_transparency_lies_on_white() -> None:
    """A network that learned colour sees three channels."""
    gray = np.full((1, 8, 8, 1), 255, np.uint8)
    glass = np.concatenate([np.zeros((1, 8, 8, 3)), np.full((1, 8, 8, 1), 51)], axis=3)

    assert to_efficientnet_input(gray, 16).unique().tolist() == [1.0]
    assert to_efficientnet_input(gray, 16).shape == (1, 3, 16, 16)
    expected = (255 * 0.8 - 127) / 128
    np.testing.assert_allclose(
        to_efficientnet_input(glass.astype(np.uint8), 16), expected, atol=1e-5
    )


def test_the_size_shown_follows_that_of_the_pictures() -> None:
    """128 px are enough for what has no more."""
    assert [input_size_of(r) for r in (8, 128, 256, 1024)] == [128, 128, 224, 224]


def test_features_come_in_the_order_of_the_pictures(network: EfficientNetLite0) -> None:
    """Over more than one batch; near pictures have near features."""
    random = np.random.default_rng(0)
    array = random.integers(0, 256, (34, 8, 8, 3), np.uint8)
    array[33] = array[1] ^ 1
    places = np.array([*range(33, -1, -1)])

    features = efficientnet_features(PictureSet(array, places), network)

    assert (features.shape, features.dtype) == ((34, 1280), np.float32)
    apart = np.linalg.norm(features - features[0], axis=1)
    assert np.argsort(apart)[:2].tolist() == [0, 32]


def test_a_picture_that_is_not_square_keeps_its_proportions() -> None:
    """The shorter side is brought to the size."""
    assert to_efficientnet_input(np.zeros((1, 8, 12, 3), np.uint8), 16).shape == (1, 3, 16, 24)
