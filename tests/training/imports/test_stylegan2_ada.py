"""The layout of StyleGAN2-ADA for PyTorch, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.families.stylegan.generator import StyleganGenerator
from tests.training.imports.ada_network import ada_weights
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.stylegan2_ada import ada_config, ada_names, ada_stylegan

WEIGHTS = ada_weights()
SOURCE = SourceFile(Path("network-snapshot-025000.pkl"), "0" * 64, "G_ema", WEIGHTS, {})


def test_sizes_are_those_of_the_file() -> None:
    """Of the mapping network, the styles, and the maps of each level."""
    config = ada_stylegan(SOURCE).config

    assert (config.resolution, config.channels, config.latent_size) == (32, 3, 12)
    assert [config.feature_maps(level) for level in range(4)] == [16, 16, 8, 4]
    assert config.to_dict()["mapping_layers"] == 3
    assert config.to_dict()["style_size"] == 10


@pytest.mark.parametrize(
    ("resolution", "base", "mapping", "count"),
    [(1024, 32768, 8, 30_370_060), (256, 16384, 2, 23_191_522), (256, 16384, 8, 24_767_458)],
)
def test_published_networks_have_the_number_of_weights_that_they_have_here(
    resolution: int, base: int, mapping: int, count: int
) -> None:
    """By the shapes of their layers; the name of each weight is in the list."""
    sides = [side for side in (4, 8, 16, 32, 64, 128, 256, 512, 1024) if side <= resolution]
    maps = {f"synthesis.b{side}.torgb.weight": min(base // side, 512) for side in sides}
    tensors = {name: torch.empty(3, m, 1, 1) for name, m in maps.items()}
    tensors |= {f"mapping.fc{n}.weight": torch.empty(512, 512) for n in range(mapping)}
    config = ada_config(tensors)
    with torch.device("meta"):
        generator = StyleganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == count
    assert set(ada_names(config)) == set(generator.state_dict()) - {"centres"}
    assert len({*ada_names(config).values()}) == len(ada_names(config))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"synthesis.b4.torgb.weight": None}, "StyleGAN2-ADA for PyTorch with output skips: it"),
        ({"mapping.fc0.weight": None}, "is not a generator of StyleGAN2-ADA"),
        ({"mapping.embed.weight": torch.zeros(10, 3)}, "has classes, whose names are not"),
        ({"synthesis.b32.conv1.weight": None}, "missing: synthesis.b32.conv1.weight"),
        ({"synthesis.b32.skip.weight": torch.zeros(1)}, "unknown: synthesis.b32.skip.weight"),
        ({"synthesis.b4.const": torch.zeros(16, 4, 5)}, r"const \[16, 4, 5\] \(not \[16, 4, 4\]\)"),
        ({"synthesis.b8.torgb.weight": torch.zeros(3, 9, 1, 1)}, r"maps are \[16, 9, 8, 4\]"),
        ({"synthesis.b4.resample_filter": torch.ones(2, 2) / 4}, "another low-pass filter"),
        ({"synthesis.b8.conv0.bias": torch.full((16,), torch.inf)}, "not finite: the file is"),
    ],
)
def test_a_network_of_another_layout_is_refused(
    changes: dict[str, Tensor | None], message: str
) -> None:
    """The message names what differs."""
    changed = {n: t for n, t in (WEIGHTS | changes).items() if t is not None}

    with pytest.raises(ImportRefusedError, match=message):
        _ = ada_stylegan(replace(SOURCE, tensors=changed))
