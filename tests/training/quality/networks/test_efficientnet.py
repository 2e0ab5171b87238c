"""EfficientNet-Lite0: its architecture and its weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from training.quality.features import load_efficientnet, weights_path
from training.quality.networks.efficientnet import EfficientNetLite0, SameConv2d, renamed


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    """With the published weights."""
    return load_efficientnet(weights_path(), torch.device("cpu"))


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
