"""Any feature maps as those of a rule."""

from pathlib import Path

import pytest

from models.growth import Growth
from tests.training.imports.layers_of_zeros import layers_of
from tests.training.imports.source_networks import (
    genforce_picture,
    genforce_shapes,
    latents,
    pro_gan_picture,
    pro_gan_shapes,
    random_weights,
)
from training.imports.assembly import assemble, fitting_network
from training.imports.genforce import genforce_layers
from training.imports.pro_gan_pth import pro_gan_layers
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.widening import maps_by_rule, rule_of, widened


@pytest.mark.parametrize(
    ("maps", "rule"),
    [
        ([512, 512, 512, 512, 256, 128, 64, 32, 16], (8192, 512)),  # the paper
        ([512, 512, 512, 512, 512, 256, 128, 64, 32], (16384, 512)),  # pro_gan_pytorch 3
        ([256, 256, 256, 256, 128], (4096, 256)),  # pro_gan_pytorch 2 with a latent of 256
        ([16, 16], (64, 16)),
        ([12, 6, 3], (24, 12)),
        ([10, 5, 2], (20, 10)),
    ],
)
def test_feature_maps_that_follow_a_rule_stay(maps: list[int], rule: tuple[int, int]) -> None:
    """Nothing is added to them."""
    layers = layers_of([count // (maps[-1] // 2 or 1) for count in maps])

    assert rule_of(maps) == rule
    assert maps_by_rule(len(maps), *rule) == maps
    assert widened(layers) is layers


@pytest.mark.parametrize("maps", [(24, 16, 12, 10), (16, 14, 16, 12), (12, 20, 16, 20)])
@pytest.mark.parametrize("tool", ["genforce", "pro-gan-pth"])
def test_other_feature_maps_are_widened_to_the_same_pictures(
    tool: str, maps: tuple[int, ...]
) -> None:
    """With PixelNorm after the first layer and without.

    Both sides compute in float64. What is left is the rounding of our weights to float32, and the
    epsilon of PixelNorm: below 1e-6 of the range.
    """
    if tool == "genforce":
        weights, picture = random_weights(genforce_shapes(maps)), genforce_picture
        del weights["lod"]
        layers = genforce_layers(SourceFile(Path("w"), "", "", weights, {}))
    else:
        weights = random_weights(pro_gan_shapes("layers.0", 0, maps))
        picture = pro_gan_picture("layers.0", 0)
        layers = pro_gan_layers(SourceFile(Path("w"), "", "", weights, {}))

    generator = assemble(layers).double()

    assert [generator.config.feature_maps(level) for level in range(4)] != [*maps]
    theirs = {name: value.double() for name, value in weights.items()}
    for level in range(4):
        expected = picture(theirs, latents(), level)
        ours = generator(latents(), Growth(level))
        assert (ours - expected).abs().max() <= 1e-6 * (expected.max() - expected.min())


def test_a_network_that_would_be_far_larger_is_refused() -> None:
    """Such as one that is wide at its highest level alone."""
    layers = layers_of([2, 2, 2, 64])

    with pytest.raises(ImportRefusedError, match=r"2, 2, 2, 64 feature maps.*64, 64, 64, 64 at"):
        widened(layers)


def test_channels_and_latent_stay() -> None:
    """Only the maps between them grow."""
    network = fitting_network(widened(layers_of([8, 3, 3], channels=1)))

    assert (network.channels, network.latent_size, network.resolution) == (1, 6, 16)


def test_a_dense_layer_counts_among_the_weights() -> None:
    """A latent of many numbers makes it the largest layer: one map would become 64 of them."""
    layers = layers_of([1, 64], latent=4096)

    with pytest.raises(ImportRefusedError, match="more than 4 times the weights"):
        widened(layers)
