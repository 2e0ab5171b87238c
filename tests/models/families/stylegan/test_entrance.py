"""The entrance of a StyleGAN2: styles between seeds, truncation, mixing."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint, StyleEntrance
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.entrance import StyleganEntrance, between, first_layer
from models.families.stylegan.generator import StyleganGenerator

CONFIG = StyleganConfig(16, 1, 8, 6, 2, 64, 8, classes=3)
START, END = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
SIX = ClassPoint(2, 2)


@pytest.fixture(scope="module")
def entrance() -> StyleganEntrance:
    """Of a generator with three classes and centres that are not 0."""
    generator = StyleganGenerator(CONFIG)
    torch.nn.init.normal_(generator.centres)
    return generator.entrance


def test_it_is_one_with_styles(entrance: StyleganEntrance) -> None:
    """The service offers truncation and mixing by that."""
    assert isinstance(entrance, StyleEntrance)
    assert (entrance.latent_size, entrance.classes, entrance.size) == (8, 3, 36)


def test_all_layers_have_the_style_of_latent_and_class(entrance: StyleganEntrance) -> None:
    """Computed alone."""
    entry = entrance.enter(START, SIX).reshape(6, 6)
    style = entrance.mapping(START[None], torch.tensor([2]))[0]

    assert all(torch.equal(row, style) for row in entry)


def test_between_two_seeds_styles_lie_on_a_straight_line(entrance: StyleganEntrance) -> None:
    """With both classes; exact at both ends."""
    point = ClassPoint(0, 1, 0.25)
    first = entrance.style(START, START, 0.0, ClassPoint(0, 0))
    last = entrance.style(END, END, 0.0, ClassPoint(1, 1))

    expected = (0.75 * first.double() + 0.25 * last.double()).float()
    assert torch.equal(entrance.style(START, END, 0.25, point), expected)
    assert torch.equal(entrance.style(START, END, 0.0, point), first)
    assert torch.equal(entrance.style(START, END, 1.0, point), last)


def test_truncation_moves_towards_the_mean_style_of_the_class(entrance: StyleganEntrance) -> None:
    """Psi 0 is the centre, 1 changes no bit, 0.5 is half way, 1.5 half as far again."""
    style = entrance.style(START, START, 0.0, SIX)
    centre = entrance.centres[2]

    assert torch.equal(entrance.truncated(style, SIX, 0.0), centre)
    assert entrance.truncated(style, SIX, 1.0) is style
    for psi in (0.5, 1.5):
        moved = entrance.truncated(style, SIX, psi)
        torch.testing.assert_close(moved, centre + psi * (style - centre))
    half = entrance.centre(ClassPoint(0, 1, 0.5))
    torch.testing.assert_close(half, (entrance.centres[0] + entrance.centres[1]) / 2)


def test_without_classes_there_is_one_centre() -> None:
    """That of all styles."""
    generator = StyleganGenerator(StyleganConfig(16, 1, 8, 6, 2, 64, 8))
    torch.nn.init.normal_(generator.centres)
    entrance = generator.entrance
    style = entrance.style(START, END, 0.5, None)

    assert entrance.classes == 0
    assert torch.equal(entrance.truncated(style, None, 0.0), generator.centres[0])


@pytest.mark.parametrize(("level", "first"), [(0, 0), (1, 1), (2, 3)])
def test_mixing_takes_the_layers_from_a_level_on(
    entrance: StyleganEntrance, level: int, first: int
) -> None:
    """Two layers for each level, one at the lowest."""
    coarse, fine = torch.zeros(6), torch.ones(6)
    rows = entrance.compose(coarse, fine, level).reshape(6, 6)

    assert first_layer(level) == first
    assert rows[:, 0].tolist() == [0.0] * first + [1.0] * (6 - first)


def test_the_rule_between_two_styles_rounds_once() -> None:
    """Numbers for which single precision would round twice."""
    start, end = torch.tensor([1.0, 16_777_216.0]), torch.tensor([3.0, 1.0])

    assert between(start, end, 1.0) is end
    assert between(start, end, 0.1).tolist() == [pytest.approx(1.2), 15_099_494.0]
