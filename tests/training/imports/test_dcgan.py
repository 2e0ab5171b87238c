"""The layout of PyTorch's example DCGAN, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.imports.dcgan_network import dcgan_weights
from training.imports.dcgan import dcgan_of
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

WEIGHTS = dcgan_weights()
SOURCE = SourceFile(Path("netG.pth"), "0" * 64, "", WEIGHTS, {})


def test_sizes_are_those_of_the_file() -> None:
    """Of three up-sampling layers, gray, with a latent of 12."""
    config = dcgan_of(SOURCE).config

    assert (config.resolution, config.channels, config.latent_size) == (32, 3, 12)
    assert config.feature_maps(config.top_level - 1) == 6


def test_names_of_parallel_training_are_understood() -> None:
    """`nn.DataParallel` puts one more name before each."""
    parallel = {f"module.{name}": each for name, each in WEIGHTS.items()}

    ours, theirs = dcgan_of(SOURCE), dcgan_of(replace(SOURCE, tensors=parallel))

    assert all((mine == other).all() for mine, other in zip(ours.parameters(), theirs.parameters()))


@pytest.mark.parametrize("names", [("ema.{}", "raw.{}"), ("{}", "module.{}"), ("a.b.{}", "b.{}")])
def test_two_networks_in_one_file_are_not_mixed(names: tuple[str, str]) -> None:
    """Which of them is the right one, nobody could say."""
    both = {name.format(old): each for name in names for old, each in WEIGHTS.items()}

    with pytest.raises(ImportRefusedError, match="save the tensors of one generator"):
        dcgan_of(replace(SOURCE, tensors=both))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"main.0.bias": torch.zeros(24)}, r"its layer 0 has .*bias \[24\]"),
        ({"main.4.running_mean": None}, r"its layer 3 has weight \[12\], bias \[12\]"),
        ({"main.9.weight": None}, "channels must be one of"),
        ({"main.3.weight": torch.zeros(24, 11, 4, 4)}, "maps halve from level to level"),
        ({"main.9.weight": torch.zeros(6, 2, 4, 4)}, r"channels must be one of \(1, 3, 4\)"),
        ({"head.weight": torch.zeros(3)}, "whose modules are numbered: it has head.weight"),
        ({"main.0.weight": WEIGHTS["main.0.weight"].long()}, "not floating-point: main.0.weight"),
        ({"main.4.running_var": torch.full((12,), -1.0)}, "variance below 0"),
        ({"main.1.bias": torch.full((24,), torch.nan)}, "not finite"),
    ],
)
def test_a_network_of_another_layout_is_refused(
    changes: dict[str, torch.Tensor | None], message: str
) -> None:
    """The message names what differs."""
    changed = {n: t for n, t in (WEIGHTS | changes).items() if t is not None}

    with pytest.raises(ImportRefusedError, match=message):
        _ = dcgan_of(replace(SOURCE, tensors=changed))


@pytest.mark.parametrize("tensors", [{}, {"main.1.bias": torch.zeros(3)}])
def test_a_file_without_convolutions_is_refused(tensors: dict[str, torch.Tensor]) -> None:
    """Such as an empty dictionary."""
    with pytest.raises(ImportRefusedError, match="this is not a generator of a DCGAN"):
        _ = dcgan_of(replace(SOURCE, tensors=tensors))
