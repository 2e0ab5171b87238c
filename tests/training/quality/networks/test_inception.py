"""The network of FID: its names, its shapes, and what it computes.

The published weights are no part of the project. What is compared instead was made once with
torch-fidelity 0.4.0: its `FeatureExtractorInceptionV3`, which loads the published file strictly,
was given `random_weights` and `picture`, and told names, shapes and features. Those of this
network, all 2048, were the same to the last bit.
"""

import hashlib

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import random_weights
from training.quality.fid import to_inception_input
from training.quality.networks.inception import Inception, halved, largest_around, mean_around

LISTING_SHA256 = "d84f693f2abd7fea61cb31c87d3b2f268bf707c1bae1db219afdad3363959cb0"
MEAN, DEVIATION = 3.26113, 4.65441  # of the 2048
GOLDEN = {  # at least one of each branch of the last block
    99: 2.76954,
    319: 4.54761,
    444: 0.50511,
    819: 1.39677,
    1087: 3.40271,
    1203: 3.4075,
    1471: 2.11961,
    1614: 2.02863,
    1850: 0.6791,
    1940: 4.73487,
    2047: 4.02011,
}
Computed = tuple[Tensor, dict[str, tuple[int, ...]]]


def picture() -> np.ndarray:
    """What the golden features are of."""
    return np.random.default_rng(1).integers(0, 256, (1, 24, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def outline() -> Inception:
    """The network without a number in it."""
    with torch.device("meta"):
        return Inception().eval()


@pytest.fixture(scope="module")
def computed(outline: Inception) -> Computed:
    """The features of the picture, and channels and pixels behind each part on the way.

    Weights come without the counters of their norms, as they may.
    """
    shapes = {name: value.shape for name, value in outline.state_dict().items()}
    weights = random_weights(shapes)
    network = Inception().eval()
    network.load_state_dict({n: w for n, w in weights.items() if "batches" not in n}, strict=True)
    names = {part: name for name, part in network.named_children()}
    seen: dict[str, tuple[int, ...]] = {}

    def look(part: nn.Module, _: object, maps: Tensor) -> None:
        seen[names[part]] = tuple(maps.shape[1:])

    for part in names:
        part.register_forward_hook(look)
    with torch.no_grad():
        return network(to_inception_input(picture(), 299))[0], seen


def test_it_has_as_many_weights_as_the_published_file(outline: Inception) -> None:
    """94 convolutions with their norms, and a classifier; the counters of norms are no weights."""
    state = outline.state_dict()
    weights = {n: w for n, w in state.items() if not n.endswith("num_batches_tracked")}

    assert (len(state), len(weights)) == (472 + 94, 472)
    assert sum(w.numel() for w in weights.values()) == 23_885_392
    assert sum(w.numel() for w in outline.parameters()) == 23_850_960
    listing = "\n".join(sorted(f"{name} {tuple(w.shape)}" for name, w in weights.items()))
    assert hashlib.sha256(listing.encode()).hexdigest() == LISTING_SHA256
    assert weights["Conv2d_1a_3x3.conv.weight"].shape == (32, 3, 3, 3)
    assert weights["Mixed_6b.branch7x7dbl_4.bn.running_var"].shape == (128,)
    assert weights["Mixed_7c.branch3x3dbl_3b.conv.weight"].shape == (384, 384, 3, 1)
    assert weights["fc.weight"].shape == (1008, 2048)


def test_pictures_become_smaller_as_in_the_paper(computed: Computed) -> None:
    """Channels and pixels behind each part."""
    seen = {
        name: (c, height) for name, (c, height, width) in computed[1].items() if height == width
    }

    assert seen == {
        "Conv2d_1a_3x3": (32, 149),
        "Conv2d_2a_3x3": (32, 147),
        "Conv2d_2b_3x3": (64, 147),
        "Conv2d_3b_1x1": (80, 73),
        "Conv2d_4a_3x3": (192, 71),
        "Mixed_5b": (256, 35),
        "Mixed_5c": (288, 35),
        "Mixed_5d": (288, 35),
        **dict.fromkeys(("Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"), (768, 17)),
        "Mixed_7a": (1280, 8),
        "Mixed_7b": (2048, 8),
        "Mixed_7c": (2048, 8),
    }


def test_it_computes_what_another_writing_of_it_does(computed: Computed) -> None:
    """From the picture to the features."""
    features = computed[0]

    found = {place: features[place].item() for place in GOLDEN}
    assert features.shape == (2048,)
    assert found == pytest.approx(GOLDEN, rel=1e-4, abs=1e-3)
    assert features.mean().item() == pytest.approx(MEAN, rel=1e-4)
    assert features.std().item() == pytest.approx(DEVIATION, rel=1e-4)


def test_pools_look_at_what_is_there() -> None:
    """Neither zeros around a picture nor minus infinity are seen."""
    image = -torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)

    assert mean_around(image)[0, 0].tolist() == [[-3, -3.5, -4], [-4.5, -5, -5.5], [-6, -6.5, -7]]
    assert largest_around(image)[0, 0].tolist() == [[-1, -1, -2], [-1, -1, -2], [-4, -4, -5]]
    assert halved(image)[0, 0].tolist() == [[-1]]
