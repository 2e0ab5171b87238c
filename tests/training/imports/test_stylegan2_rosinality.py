"""The layout of rosinality's StyleGAN2, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.families.stylegan.generator import StyleganGenerator
from tests.training.imports.rosinality_network import rosinality_picture, rosinality_weights
from training.game.centres import compute_centres
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.stylegan2_rosinality import rosinality_config, rosinality_stylegan

WEIGHTS = rosinality_weights()
SOURCE = SourceFile(Path("550000.pt"), "0" * 64, "g_ema", WEIGHTS, {})


def test_sizes_are_those_of_the_file() -> None:
    """Of the mapping network, the styles, and the maps of each level."""
    config = rosinality_stylegan(SOURCE).config

    assert (config.resolution, config.channels, config.latent_size) == (32, 3, 12)
    assert [config.feature_maps(level) for level in range(4)] == [16, 16, 8, 4]
    assert config.to_dict()["mapping_layers"] == 3
    assert config.to_dict()["style_size"] == 10


def test_published_networks_have_the_number_of_weights_that_they_have_here() -> None:
    """Configuration F at 1024 px: 30,370,060, by the shapes of its layers to images."""
    shapes = {f"to_rgbs.{k - 1}" if k else "to_rgb1": min(32768 >> (k + 2), 512) for k in range(9)}
    tensors = {f"{n}.conv.weight": torch.empty(1, 3, m, 1, 1) for n, m in shapes.items()}
    tensors |= {f"style.{n}.weight": torch.empty(512, 512) for n in range(1, 9)}
    config = rosinality_config(tensors)
    with torch.device("meta"):
        generator = StyleganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == 30_370_060


def test_truncation_moves_towards_the_mean_style() -> None:
    """Computed from the weights, as for networks trained here."""
    generator = rosinality_stylegan(SOURCE)
    again = rosinality_stylegan(SOURCE)
    again.centres.zero_()
    compute_centres(again)

    assert generator.centres.abs().max() > 0.01
    assert torch.equal(generator.centres, again.centres)


def test_files_of_the_first_releases_have_no_noise_and_other_biases() -> None:
    """Their pictures are drawn without noise; fp32 against float64 to 1e-5 of the range."""
    old = {n: t for n, t in WEIGHTS.items() if not n.startswith("noises.")}
    old |= {n: t.reshape(1, -1, 1, 1) for n, t in old.items() if n.endswith("activate.bias")}
    generator = rosinality_stylegan(replace(SOURCE, tensors=old))
    z = torch.randn(3, 12, generator=torch.Generator().manual_seed(5))
    theirs = {name: value.double() for name, value in old.items()}
    expected = rosinality_picture(theirs, z.double(), 3)

    assert (generator(z) - expected).abs().max() <= 1e-5 * (expected.max() - expected.min())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to_rgb1.conv.weight": None}, "is not a generator of rosinality/stylegan2-pytorch of 8"),
        ({"style.1.weight": None}, "of 8 px or more: it has input.input, style"),
        ({"convs.3.conv.weight": None}, "missing: convs.3.conv.weight"),
        ({"convs.9.conv.weight": torch.zeros(1)}, "unknown: convs.9.conv.weight"),
        ({"noises.noise_2": None}, "missing: noises.noise_2"),
        ({"conv1.noise.weight": torch.zeros(2)}, r"conv1.noise.weight \[2\] \(not \[1\]\)"),
        ({"to_rgbs.0.conv.weight": torch.zeros(1, 3, 9, 1, 1)}, r"maps are \[16, 9, 8, 4\]"),
        ({"to_rgb1.conv.weight": torch.zeros(1, 2, 16, 1, 1)}, "channels must be one of"),
        ({"convs.0.conv.blur.kernel": torch.ones(4, 4) / 4}, "another low-pass filter"),
        ({"to_rgbs.1.upsample.kernel": torch.ones(2, 2)}, r"another low-pass filter than \[1, 3"),
        ({"conv1.activate.bias": torch.full((16,), torch.nan)}, "not finite: the file is damaged"),
        ({"style.2.bias": WEIGHTS["style.2.bias"].long()}, "not floating-point: style.2.bias"),
    ],
)
def test_a_network_of_another_layout_is_refused(
    changes: dict[str, Tensor | None], message: str
) -> None:
    """The message names what differs."""
    changed = {n: t for n, t in (WEIGHTS | changes).items() if t is not None}

    with pytest.raises(ImportRefusedError, match=message):
        _ = rosinality_stylegan(replace(SOURCE, tensors=changed))
