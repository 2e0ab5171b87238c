"""Values of the options of `generate`: what is taken, and what is refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from models.families.dcgan.config import DcganConfig
from models.families.stylegan.config import StyleganConfig
from models.latent import parse_seed
from training.commands.generate_options import (
    GenerateError,
    mix_argument,
    positive,
    psi_argument,
    require_style_choices,
    seeds_argument,
)
from training.generation import SecondStyle


def test_a_second_style_is_a_seed_and_a_resolution() -> None:
    """A text may contain the sign that separates them."""
    assert mix_argument("7@8") == SecondStyle(7, 8)
    assert mix_argument("a@b@16") == SecondStyle(parse_seed("a@b"), 16)
    assert [psi_argument(text) for text in ("0", "0.7", "1.5")] == [0.0, 0.7, 1.5]


@pytest.mark.parametrize(
    ("parse", "text", "told"),
    [
        (psi_argument, "1.6", "0 to 1.5 are possible, not '1.6'"),
        (psi_argument, "nan", "0 to 1.5 are possible"),
        (psi_argument, "-0.1", "0 to 1.5 are possible"),
        (psi_argument, "half", "0 to 1.5 are possible"),
        (mix_argument, "ada", "such as ada@16, not 'ada'"),
        (mix_argument, "ada@", "such as ada@16"),
        (mix_argument, "@16", "the seed before @16: a seed is 1 to"),
        (positive, "0", "1 to 240"),
        (seeds_argument, "9-3", "a range goes up"),
    ],
)
def test_a_value_out_of_its_limits_is_refused(
    parse: Callable[[str], object], text: str, told: str
) -> None:
    """With the limits."""
    with pytest.raises(argparse.ArgumentTypeError, match=told):
        parse(text)


def test_styles_are_refused_by_a_generator_that_has_none() -> None:
    """With what it takes; a generator with styles takes them from its second level on."""
    styled, mix = StyleganConfig(16), SecondStyle(1, 16)
    require_style_choices(DcganConfig(16), None, None)
    require_style_choices(styled, 0.5, mix)

    with pytest.raises(GenerateError, match="--psi: this model takes seed: leave the option out"):
        require_style_choices(DcganConfig(16), 1.0, None)
    with pytest.raises(GenerateError, match="--mix: this model takes seed and label: leave"):
        require_style_choices(DcganConfig(16, classes=2), None, mix)
    for resolution in (4, 32):
        with pytest.raises(GenerateError, match=f"begins at 8, 16 px, not {resolution}"):
            require_style_choices(styled, None, SecondStyle(1, resolution))
