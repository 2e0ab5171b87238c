"""The feature network: its weights, its shape, and what it is shown."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from training.quality.networks.efficientnet import (
    EfficientNetLite0,
    SameConv2d,
    WeightsError,
    efficientnet_features,
    input_size_of,
    load_network,
    renamed,
    to_efficientnet_input,
    weights_path,
)
from training.quality.pictures import PictureSet


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    """With the published weights."""
    return load_network(weights_path(), torch.device("cpu"))


@torch.no_grad()
def plain_words(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The network once more, layer by layer with the published names, in fp64."""
    weights = {name: value.double() for name, value in state.items()}

    def layer(x: torch.Tensor, conv: str, norm: str, stride: int = 1) -> torch.Tensor:
        weight = weights[f"{conv}.weight"]
        kernel, size = weight.shape[-1], x.shape[-1]
        total = max(((size + stride - 1) // stride - 1) * stride + kernel - size, 0)
        x = F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        x = F.conv2d(x, weight, stride=stride, groups=groups)
        mean, var, scale, shift = (
            weights[f"{norm}.{part}"].view(-1, 1, 1)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 0.001) * scale + shift

    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    x = layer(x.double(), "_conv_stem", "_bn0", 2).clamp(0, 6)
    for number, stride in enumerate(strides):
        block, before = f"_blocks.{number}", x
        if number:
            x = layer(x, f"{block}._expand_conv", f"{block}._bn0").clamp(0, 6)
        x = layer(x, f"{block}._depthwise_conv", f"{block}._bn1", stride).clamp(0, 6)
        x = layer(x, f"{block}._project_conv", f"{block}._bn2")
        x = x + before if x.shape == before.shape else x
    return layer(x, "_conv_head", "_bn1").clamp(0, 6).mean(dim=(2, 3))


def test_the_network_computes_the_published_architecture(network: EfficientNetLite0) -> None:
    """Beside a second writing of it in fp64, on the published weights; at an odd size too."""
    published = torch.load(weights_path(), weights_only=True)
    for size in (64, 49):
        images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1

        expected = plain_words(published, images)

        np.testing.assert_allclose(network(images), expected, atol=1e-3)
        assert expected.std() > 0.05


def test_every_published_weight_finds_its_place(network: EfficientNetLite0) -> None:
    """None is left over, none is missing, no two are one."""
    published = torch.load(weights_path(), weights_only=True)

    state = renamed(published)

    assert len(state) == len(published) == len(network.state_dict())
    assert {k: v.shape for k, v in state.items()} == {
        k: v.shape for k, v in network.state_dict().items()
    }


def test_padding_is_that_of_tensorflow() -> None:
    """At stride 2 and even sizes all of it is at the right and below."""
    conv = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(conv.weight)
    image = torch.arange(16.0).reshape(1, 1, 4, 4)

    assert conv(image)[0, 0].tolist() == [[45.0, 39.0], [66.0, 50.0]]


@pytest.mark.parametrize("kind", ["changed", "missing"])
def test_other_weights_are_refused_before_they_are_read(tmp_path: Path, kind: str) -> None:
    """By their digest."""
    path = tmp_path / "weights.pth"
    if kind == "changed":
        path.write_bytes(weights_path().read_bytes()[:-1])

    with pytest.raises(WeightsError, match=r"5793\w+ is needed: install efficientnet-lite0"):
        load_network(path, torch.device("cpu"))


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
