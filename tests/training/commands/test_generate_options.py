"""Values of the options of `generate`: what is taken, and what is refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pytest
import torch

from models.editing import Directions
from models.families.biggan.config import BigganConfig
from models.families.dcgan.config import DcganConfig
from models.families.stylegan.config import StyleganConfig
from models.latent import parse_seed
from training.commands.generate_options import (
    GenerateError,
    edit_argument,
    mix_argument,
    ordered_edits,
    positive,
    psi_argument,
    require_classes_of_points,
    require_style_choices,
    seeds_argument,
)
from training.generation import LatentPoint, SecondStyle


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
        (edit_argument, "pca-1", "such as pca-1:2, from -10 to 10, not 'pca-1'"),
        (edit_argument, "pca-1:11", "from -10 to 10"),
        (edit_argument, "pca-1:nan", "from -10 to 10"),
        (edit_argument, "pca-1:1_0", "from -10 to 10"),
        (psi_argument, "0_1", "0 to 1.5 are possible"),
        (mix_argument, "ada@\u0661\u0666", "such as ada@16"),
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


def test_a_biggan_takes_psi_up_to_one() -> None:
    """And no second style."""
    require_style_choices(BigganConfig(16, latent_size=9, psi_steps=2), 1.0, None)

    with pytest.raises(GenerateError, match="--psi: 0 to 1 are possible here, not 1.2"):
        require_style_choices(BigganConfig(16, latent_size=9, psi_steps=2), 1.2, None)


def test_edits_have_the_order_of_the_directions() -> None:
    """As in the service, so that the same edits give the same picture; 0 is left out."""
    directions = Directions(("one", "two", "three"), torch.zeros(3, 4))
    edits = [edit_argument(text) for text in ("three:1.5", "two:0", "one:-2")]

    assert ordered_edits(edits, directions) == (("one", -2.0), ("three", 1.5))
    assert ordered_edits([], None) == ()


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([("four", 1.0)], "--edit four: the directions are one, two"),
        ([("one", 1.0), ("one", 2.0)], "is there twice: add both strengths"),
    ],
)
def test_edits_that_cannot_be_made_are_refused(edits: list[tuple[str, float]], told: str) -> None:
    """With the names that there are."""
    with pytest.raises(GenerateError, match=told):
        ordered_edits(edits, Directions(("one", "two"), torch.zeros(2, 4)))


def test_edits_need_directions_and_are_few() -> None:
    """With the command that finds some."""
    with pytest.raises(GenerateError, match="has no directions: find some with `directions`"):
        ordered_edits([("one", 1.0)], None)
    names = tuple(f"n{number}" for number in range(9))
    with pytest.raises(GenerateError, match="up to 8 edits are made, not 9"):
        ordered_edits([(name, 1.0) for name in names], Directions(names, torch.zeros(9, 4)))


def test_a_style_keeps_its_class() -> None:
    """A latent has none, so any class may be chosen for it."""
    point = LatentPoint(np.zeros(4, np.float32), 1)
    styled, dcgan = StyleganConfig(16, classes=3), DcganConfig(16, classes=3)

    for config, label in ((styled, 1), (styled, None), (dcgan, 2)):
        require_classes_of_points(config, label, [point])
    with pytest.raises(GenerateError, match="a style, which has its class, 1: leave the option"):
        require_classes_of_points(styled, 2, [point])
