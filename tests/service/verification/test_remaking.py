"""A file against what its recipe makes: the worst comparison decides."""

from __future__ import annotations

import pytest

from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.media.encoding import FORMATS
from service.media.png import write_apng
from service.uploads.decoding import decode, open_upload
from service.verification.remaking import (
    FALSE_MATCH_RATES,
    false_match_rate,
    remade_part,
    require_renderable,
)
from service.verification.report import Outcome, RemadePart
from service.verification.similarity import SMALLEST_COMPARED
from service.verification.stated_recipe import NotTried, StatedRecipe
from tests.service.painter import MODE, card_named
from tests.service.pictures import painted, walk

SERVED = ModelInfo(card_named("painter-32"), MODE)


def recipe_of(kind: str, seeds: list[int], places: tuple[int, ...] = ()) -> StatedRecipe:
    """Recipes of some seeds at 32 px."""
    recipes = [Recipe(SERVED.pinned_name, point_of(seed), 32) for seed in seeds]
    query = [("seed", str(seed)) for seed in seeds] if kind == "walk" else []
    return StatedRecipe(kind, SERVED, seeds, recipes, places, query)


def compared(file: bytes, recipe: StatedRecipe, made: list[Pixels]) -> RemadePart:
    """The comparison with a file."""
    upload = open_upload(file, 2**20)
    return remade_part(upload, decode(upload), recipe, made)


def test_one_different_frame_makes_an_animation_different() -> None:
    """Though all others are equal."""
    frames = walk(32)
    file = write_apng(frames, 24, False, {})
    recipe = recipe_of("walk", [1, 2, 3], (0, 2, 4))
    same = compared(file, recipe, [frames[0], frames[2], frames[4]])
    other = compared(file, recipe, [frames[0], painted(32, phase=3.0), frames[4]])

    assert (same.outcome, other.outcome) == (Outcome.EQUAL, Outcome.DIFFERENT)
    assert (same.compared, same.not_compared) == (3, 2)
    assert same.urls == ["/interpolate?seed=1&seed=2&seed=3"]


def test_a_part_of_a_picture_is_not_compared() -> None:
    """The reason names both sizes."""
    file = FORMATS["png"].write(painted(32)[:, :20], {})
    part = compared(file, recipe_of("picture", [1]), [painted(32)])

    assert part.outcome is Outcome.NOT_TRIED
    assert part.reason.startswith("it has 20 x 32 pixels, and its recipe makes 32 x 32")


def test_recipes_larger_than_any_upload_are_not_rendered() -> None:
    """A small file may state a large sheet."""
    require_renderable(recipe_of("sheet", [1, 2]), 2 * 32 * 32)
    with pytest.raises(NotTried, match="more than 2047 pixels"):
        require_renderable(recipe_of("sheet", [1, 2]), 2 * 32 * 32 - 1)


def test_rates_cover_every_size_that_is_called_similar() -> None:
    """Smaller pictures err more often."""
    rates = [rate for _, rate in FALSE_MATCH_RATES]

    assert false_match_rate(SMALLEST_COMPARED) == max(rates)
    assert false_match_rate(1024) == min(rates)
    assert false_match_rate(SMALLEST_COMPARED - 1) is None
