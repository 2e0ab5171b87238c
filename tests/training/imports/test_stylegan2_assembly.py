"""A StyleGAN2 of weights: which sizes it may have, and what is filled in."""

from __future__ import annotations

import pytest
import torch

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.layers import low_pass_kernel
from training.game.centres import compute_centres
from training.imports.refusal import ImportRefusedError
from training.imports.stylegan2_assembly import (
    assemble_stylegan,
    fitting_stylegan,
    require_filters,
)

CONFIG = StyleganConfig(8, 1, 6, 5, 2, 32, 8)


def test_sizes_follow_from_maps() -> None:
    """The least rule that gives them."""
    config = fitting_stylegan(3, [64, 64, 32, 16], 6, 5, 2)

    assert config == StyleganConfig(32, 3, 6, 5, 2, 512, 64)


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ([8], "has 1 levels, 2 to 9 can be imported"),
        ([8] * 10, "has 10 levels"),
        ([8, 4, 8], r"maps are \[8, 4, 8\], and only those of a rule such as \[8, 8, 8\]"),
        ([0, 0], "its network cannot be used: fmap_base must be"),
    ],
)
def test_other_sizes_are_refused(maps: list[int], message: str) -> None:
    """The message tells which would do."""
    with pytest.raises(ImportRefusedError, match=message):
        fitting_stylegan(3, maps, 6, 5, 2)


def test_weights_come_in_any_shape_and_noise_may_be_missing() -> None:
    """The centre is that of the weights."""
    state = StyleganGenerator(CONFIG).state_dict()
    weights = {n: t.double().flatten() for n, t in state.items() if not n.endswith(".noise")}
    generator = assemble_stylegan(CONFIG, weights)
    made = generator.state_dict()
    again = assemble_stylegan(CONFIG, weights)
    compute_centres(again)

    for name, value in state.items():
        if name.endswith(".noise"):
            assert not made[name].any()
        elif name != "centres":
            assert torch.equal(made[name], value)
    assert torch.equal(generator.centres, again.centres)
    assert not generator.training
    with pytest.raises(ImportRefusedError, match="a number of synthesis.start is not finite"):
        assemble_stylegan(CONFIG, {"synthesis.start": torch.full((128,), torch.nan)})


def test_filters_are_those_of_the_paper_with_their_gain() -> None:
    """Any other would give other pictures."""
    require_filters({"a": low_pass_kernel()[0, 0], "b": low_pass_kernel()[0, 0]}, 1.0)
    for wrong in (low_pass_kernel()[0, 0], torch.ones(2, 2)):
        with pytest.raises(ImportRefusedError, match="b is another low-pass filter"):
            require_filters({"b": wrong}, 4.0)
