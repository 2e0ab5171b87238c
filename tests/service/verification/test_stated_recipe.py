"""Recipes that facts state: the inverse of `file_facts`, and no guess where they are not enough."""

from __future__ import annotations

import pytest

from models.card import Card
from service.batching.engine import ModelInfo
from service.batching.recipe import Edit, Method, Point, Recipe, StyleMix, point_of, walk
from service.errors import UnknownModel
from service.facts import FACTS, file_facts
from service.verification.stated_recipe import (
    MOST_FRAMES_COMPARED,
    UNDERSTOOD,
    NotTried,
    StatedRecipe,
    stated_recipe,
)
from tests.service.painter import MODE, card_named
from tests.service.styled_models import directed_card, styled_card

CARD = card_named("painter-32")
CLASSES = card_named("things-32", labels=("T-shirt/top & more", "Größe+1"))


def loaded(card: Card):  # noqa: ANN201 - the type is that of the argument below
    """Find one model alone."""

    def find(name: str) -> ModelInfo:
        if name != card.pinned_name:
            raise UnknownModel(f"model {name!r} is not loaded")
        return ModelInfo(card, MODE)

    return find


def stated(facts: dict[str, str], card: Card = CARD, frames: int = 1) -> StatedRecipe:
    """The recipe that facts state."""
    return stated_recipe(facts, frames, loaded(card))


@pytest.mark.parametrize("point", [point_of(7), Point(7, 9, 0.1, Method.LERP), point_of(2**63 - 1)])
@pytest.mark.parametrize("resolution", [4, 32])
def test_facts_of_a_picture_give_its_recipe(point: Point, resolution: int) -> None:
    """Of a seed, and of a point between two."""
    recipe = Recipe(CARD.pinned_name, point, resolution)
    found = stated(file_facts([recipe], CARD))

    assert (found.kind, found.recipes) == ("picture", [recipe])


def test_a_stated_point_between_equal_seeds_is_the_picture_of_that_seed() -> None:
    """As the service answers it."""
    facts = file_facts([Recipe(CARD.pinned_name, Point(7, 9, 0.5), 32)], CARD)

    assert stated(facts | {"end": "7"}).recipes[0].point == point_of(7)


@pytest.mark.parametrize("labels", [(0, 1, 0), (1, 1, 1)])
def test_facts_of_a_sheet_give_all_recipes(labels: tuple[int, ...]) -> None:
    """With a class for each picture, or one for all."""
    recipes = [
        Recipe(CLASSES.pinned_name, point_of(seed), 16, CLASSES.labels[label])
        for seed, label in zip((5, 3, 5), labels, strict=True)
    ]
    found = stated(file_facts(recipes, CLASSES), CLASSES)

    assert (found.kind, found.recipes) == ("sheet", recipes)
    assert found.seeds == [5, 3]


@pytest.mark.parametrize("loop", [True, False])
def test_facts_of_a_walk_give_frames_of_it(loop: bool) -> None:
    """The number of frames says whether it returns to its beginning."""
    points = walk([1, 2, 3], 20, loop=loop, method=Method.SLERP)
    keys = [Recipe(CARD.pinned_name, point_of(seed), 32) for seed in (1, 2, 3)]
    facts = file_facts(keys, CARD) | {"steps": "20", "method": "slerp"}
    found = stated(facts, frames=len(points))

    assert found.kind == "walk"
    assert len(found.places) == MOST_FRAMES_COMPARED
    assert (found.places[0], found.places[-1]) == (0, len(points) - 1)
    assert [r.point for r in found.recipes] == [points[place] for place in found.places]
    assert (("loop", "true") in found.query) == loop


@pytest.mark.parametrize("loop", [True, False])
def test_facts_of_a_strip_give_every_frame(loop: bool) -> None:
    """They state its number of frames, since its file has one."""
    points = walk([1, 2, 3], 20, loop=loop, method=Method.LERP)
    keys = [Recipe(CARD.pinned_name, point_of(seed), 32) for seed in (1, 2, 3)]
    facts = file_facts(keys, CARD) | {"steps": "20", "method": "lerp", "frames": str(len(points))}
    found = stated(facts)

    assert (found.kind, found.seeds) == ("strip", [1, 2, 3])
    assert [r.point for r in found.recipes] == points
    assert (("loop", "true") in found.query) == loop
    assert ("format", "strip") in found.query


def test_every_fact_of_a_picture_is_understood() -> None:
    """A new input of a picture must be read here, too, or pictures would be called different."""
    assert {fact.name for fact in FACTS} <= UNDERSTOOD


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"swirl": "0.7"}, "states swirl, which this version does not know"),
        ({"psi": "0.7"}, "impossible: psi: painter-32 takes seed, and no psi"),
        ({"model": "painter-32"}, "does not state a model with its digest"),
        ({"model": "painter-32@" + "0" * 64}, "not loaded here"),
        ({"resolution": "48"}, "impossible: resolution: painter-32 has no 48"),
        ({"resolution": "9" * 5000}, "does not state its resolution"),
        ({"seed": "ada"}, "does not state its seed"),
        ({"seed": str(2**63)}, "does not state its seed"),
        ({"seed": "9" * 5000}, "does not state its seed"),
        ({"label": "cat"}, "impossible: label"),
        ({"watermark": "1"}, "states the watermark 1, and here it is off"),
        ({"t": "nan", "start": "1", "end": "2"}, "does not state a point"),
        ({"t": "1.5", "start": "1", "end": "2"}, "does not lie between"),
        ({"t": "x"}, "does not state a point"),
        ({"seeds": " ".join(["1"] * 65)}, "states 65 seeds"),
        ({"seeds": "1 2", "labels": "a"}, "2 seeds and 1 labels"),
        ({"seeds": "1 2", "steps": "3", "method": "slerp"}, "1 frames, and 2 seeds with 3 steps"),
        ({"seeds": "1 2", "steps": "0", "method": "slerp"}, "another number"),
        ({"seeds": "1 2", "steps": "9" * 5000, "method": "slerp"}, "does not state its steps"),
        ({"seeds": "1 2", "steps": "3", "method": "swirl"}, "does not state the method"),
        ({"frames": "3"}, "does not state the steps of a walk"),
        ({"seeds": "1 2", "steps": "9", "method": "slerp", "frames": "9"}, "make another number"),
        ({"seeds": "1 2", "steps": "64", "method": "slerp", "frames": "65"}, "strip of 65 frames"),
        ({"seeds": "1 2", "steps": "3", "method": "slerp", "frames": "x"}, "not state its frames"),
    ],
)
def test_facts_that_are_not_enough_are_not_guessed(change: dict[str, str], reason: str) -> None:
    """Each with its reason."""
    facts = file_facts([Recipe(CARD.pinned_name, point_of(7), 32)], CARD)

    with pytest.raises(NotTried, match=reason):
        stated(facts | change)


def test_an_animation_without_steps_is_not_guessed() -> None:
    """It is none of ours."""
    facts = file_facts([Recipe(CARD.pinned_name, point_of(7), 32)], CARD)

    with pytest.raises(NotTried, match="does not state the steps of a walk"):
        stated(facts, frames=3)
    strip = facts | {"seeds": "1 2", "steps": "2", "method": "slerp", "frames": "3"}
    with pytest.raises(NotTried, match="states to be a strip, which is one picture"):
        stated(strip, frames=3)


def test_values_of_sixteen_bits_must_be_those_of_the_model() -> None:
    """Else a proved picture would seem to prove them, too."""
    deep = card_named("scans-32", channels=1, value_range=(0.0, 4095.0))
    facts = file_facts([Recipe(deep.pinned_name, point_of(7), 32)], deep)

    assert stated(facts, deep).recipes == stated(facts | {"credit": "x"}, deep).recipes
    for change in ({"value_high": "1000"}, {"value_low": "0.0"}, {"bit_depth": "8"}):
        ((name, value),) = change.items()
        with pytest.raises(NotTried, match=f"states {name} {value}, and its model has"):
            stated(facts | change, deep)
    shallow = file_facts([Recipe(CARD.pinned_name, point_of(7), 32)], CARD)
    with pytest.raises(NotTried, match="states value_high 1, and its model has none"):
        stated(shallow | {"value_high": "1"})


@pytest.mark.parametrize("point", [point_of(7), Point(7, 9, 0.1, Method.LERP)])
def test_truncation_and_second_style_are_stated(point: Point) -> None:
    """So the picture is made again with both; of a model without styles they are impossible."""
    card = styled_card()
    recipe = Recipe(card.pinned_name, point, 16, psi=0.7, mix=StyleMix(5, 8))
    facts = file_facts([recipe], card)

    assert (facts["psi"], facts["mix"]) == ("0.7", "5@8")
    assert stated(facts, card).recipes == [recipe]
    with pytest.raises(NotTried, match="and no psi"):
        stated(facts | {"model": CARD.pinned_name, "resolution": "32"})
    with pytest.raises(NotTried, match="it does not state its psi"):
        stated(facts | {"psi": "much"}, card)


def test_edits_are_stated() -> None:
    """So the picture is made again with them; of a model without directions they are impossible."""
    card = directed_card()
    recipe = Recipe(card.pinned_name, point_of(7), 32, edits=(Edit("pca-2", -0.5),))
    facts = file_facts([recipe], card)

    assert facts["edit"] == "pca-2:-0.5"
    assert stated(facts, card).recipes == [recipe]
    with pytest.raises(NotTried, match="and no edit"):
        stated(facts)
    with pytest.raises(NotTried, match="has no direction 'x'"):
        stated(facts | {"edit": "x:1"}, card)


def test_an_edited_walk_is_made_again_with_its_edits() -> None:
    """Each compared frame has them, and the address."""
    card, edits = directed_card(), (Edit("pca-2", -0.5),)
    keys = [Recipe(card.pinned_name, point_of(seed), 32, edits=edits) for seed in (1, 2)]
    facts = {**file_facts(keys, card), "steps": "4", "method": "slerp"}
    found = stated(facts, card, frames=5)

    assert {recipe.edits for recipe in found.recipes} == {edits}
    assert ("edit", "pca-2:-0.5") in found.query


def test_a_walk_between_styles_is_made_again_with_them() -> None:
    """Each compared frame has them, and the address."""
    card = styled_card()
    frames = [
        Recipe(card.pinned_name, point, 16, psi=0.5)
        for point in walk([1, 2], 4, loop=False, method=Method.LERP)
    ]
    keys = [Recipe(card.pinned_name, point_of(seed), 16, psi=0.5) for seed in (1, 2)]
    facts = {**file_facts(keys, card), "steps": "4", "method": "lerp"}
    found = stated(facts, card, frames=5)

    assert found.recipes == frames
    assert ("psi", "0.5") in found.query
    with pytest.raises(NotTried, match="in a straight line"):
        stated(facts | {"method": "slerp"}, card, frames=5)
