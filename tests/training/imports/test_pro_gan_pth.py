"""The layouts and arithmetic of pro_gan_pytorch; whole files are in `test_import_weights`."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.growth import Growth
from tests.training.imports.source_networks import (
    latents,
    pro_gan_picture,
    pro_gan_shapes,
    random_weights,
)
from training.imports.assembly import assemble
from training.imports.pro_gan_pth import pro_gan_layers
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

WEIGHTS = {name: 0.2 * w for name, w in random_weights(pro_gan_shapes("layers.0", 0)).items()}
SOURCE = SourceFile(
    Path("weights.pth"),
    "0" * 64,
    "shadow_generator",
    {f"state_dict/{name}": weight for name, weight in WEIGHTS.items()},
    {"shadow_generator/conf/use_eql": True},
)


@pytest.mark.parametrize("equalized", [True, False])
def test_weights_are_scaled_only_where_the_tool_did(equalized: bool) -> None:
    """`use_eql` says so; 1e-5 of the range allows for float32 arithmetic, as in all these tests."""
    source = replace(SOURCE, settings={"shadow_generator/conf/use_eql": equalized})

    generator = assemble(pro_gan_layers(source))

    picture = pro_gan_picture("layers.0", 0, equalized)
    expected = picture({n: w.double() for n, w in WEIGHTS.items()}, latents(), 3)
    ours = generator(latents().float(), Growth(3))
    assert (ours - expected).abs().max() <= 1e-5 * (expected.max() - expected.min())
    assert not generator.config.stem_norm


def test_the_missing_pixel_norm_matters() -> None:
    """With it, the same weights make other pictures."""
    layers = pro_gan_layers(SOURCE)
    without, with_norm = assemble(layers), assemble(replace(layers, stem_norm=True))

    z = latents().float()
    assert (without(z) - with_norm(z)).abs().max() > 0.01


def test_a_file_of_version_1_is_refused() -> None:
    """Its scales are not in the file."""
    tensors = {"initial_block.conv_2.conv.weight": torch.zeros(1)}

    with pytest.raises(ImportRefusedError, match="a random scale.* the file does not hold"):
        pro_gan_layers(replace(SOURCE, tensors=tensors))


def test_a_discriminator_is_refused_with_its_names() -> None:
    """GAN_DIS_8.pth lies beside the generator."""
    tensors = {"final_block.conv_1.weight": torch.zeros(1)}

    with pytest.raises(ImportRefusedError, match=r"it has no rgb_converters\.0\.weight, but final"):
        pro_gan_layers(replace(SOURCE, tensors=tensors))
