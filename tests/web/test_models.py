"""Which models the page shows in which view, and what it says of changes."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.web.browser import run_script


def card(name: str, *takes: str, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    """A card as `GET /models` answers it."""
    pinned = f"{name}@0f"
    return {
        "name": name,
        "pinned_name": pinned,
        "takes": takes,
        "labels": labels,
        "resolutions": [4, 8],
    }


FACES: Final = card("faces", "seed")
THINGS: Final = card("things", "seed", "label", labels=("hat", "shoe"))
SHADES: Final = card("shades", "source", "to", labels=("dark", "light"))
ALL: Final = {"default": "things", "models": [SHADES, FACES, THINGS]}
RESOLVE: Final = """
const { usualFields } = await script("address.js");
const { resolveState } = await script("models.js");
const [wanted, list] = given.map(JSON.parse);
const { card, ...state } = resolveState({ ...usualFields(), ...wanted }, list);
print({ ...state, shown: card.name });
"""


def resolved(wanted: dict[str, object], models: dict[str, Any] = ALL) -> dict[str, Any]:
    """The state that a list of models allows."""
    state: dict[str, Any] = run_script(RESOLVE, json.dumps(wanted), json.dumps(models))
    assert state["model"] == state["shown"]
    return state


@pytest.mark.parametrize(
    ("view", "model", "shown_view", "shown_model"),
    [
        ("wall", "", "wall", "things"),
        ("wall", "faces", "wall", "faces"),
        ("wall", "gone", "wall", "things"),
        ("picture", "shades", "translate", "shades"),
        ("status", "shades", "status", "shades"),
        ("translate", "shades", "translate", "shades"),
        ("translate", "", "translate", "shades"),
        ("translate", "faces", "translate", "shades"),
    ],
)
def test_a_model_and_its_view_are_shown_together(
    view: str, model: str, shown_view: str, shown_model: str
) -> None:
    """A model that translates has one view; that view has no other model."""
    state = resolved({"view": view, "model": model})

    assert (state["view"], state["model"]) == (shown_view, shown_model)


def test_where_nothing_translates_its_view_is_the_wall() -> None:
    """And where nothing else is served, every view is that of translations."""
    seeds = {"default": "faces", "models": [FACES]}
    pictures = {"default": "shades", "models": [SHADES]}

    assert resolved({"view": "translate"}, seeds)["view"] == "wall"
    assert resolved({"view": "wall"}, pictures)["view"] == "translate"


def test_domains_are_no_classes() -> None:
    """The labels of a model are its classes, or the domains that it translates to."""
    shades = resolved({"view": "translate", "label": "dark", "to": "light"})
    things = resolved({"view": "wall", "label": "shoe", "to": "light"})

    assert (shades["label"], shades["to"]) == ("", "light")
    assert resolved({"view": "translate", "to": "green"})["to"] == "dark"
    assert (things["label"], things["to"]) == ("shoe", "")


@pytest.mark.parametrize(
    ("view", "chosen", "model"),
    [
        ("wall", SHADES, "things"),
        ("wall", FACES, "faces"),
        ("translate", FACES, "shades"),
        ("translate", SHADES, "shades"),
        ("status", SHADES, "shades"),
    ],
)
def test_a_link_to_a_view_names_a_model_that_has_it(
    view: str, chosen: dict[str, Any], model: str
) -> None:
    """The chosen one where it has; else the default one, if that has, else the first that has."""
    code = """
    const { modelFor } = await script("models.js");
    const [view, list, card] = given.map(JSON.parse);
    print(modelFor(view, { list, card, model: card.name }));
    """

    assert run_script(code, *map(json.dumps, (view, ALL, chosen))) == model


def test_only_views_with_a_model_are_offered() -> None:
    """The status needs none."""
    code = """
    const { hasView } = await script("models.js");
    const lists = given.map(JSON.parse);
    print(lists.map((list) => ["wall", "translate", "status"].map((view) => hasView(view, list))));
    """
    seeds = {"default": "faces", "models": [FACES]}
    pictures = {"default": "shades", "models": [SHADES]}

    assert run_script(code, *map(json.dumps, (seeds, pictures, ALL))) == [
        [True, False, True],
        [False, True, True],
        [True, True, True],
    ]


def test_a_new_model_is_offered_in_its_view() -> None:
    """By the button of the notice."""
    code = """
    const { createStore } = await script("store.js");
    const { followModels } = await script("models.js");
    const [before, after] = given.map(JSON.parse);
    const answers = [before, after];
    const answer = async () => new Response(JSON.stringify(answers.shift()));
    const gone = [];
    const notice = { show: (text, action, use) => { gone.push(text, action); use(); } };
    const store = createStore({ view: "wall", list: null, card: before.models[0] });
    const client = { request: answer, requestOnce: answer };
    const models = followModels({ store, client, navigate: (to) => gone.push(to), notice });
    await models.load(signal);
    page.dispatchEvent(new Event("visibilitychange"));
    await until(() => gone.length === 3);
    print(gone);
    """
    before = {"default": "faces", "models": [FACES]}
    after = {"default": "faces", "models": [FACES, SHADES]}

    assert run_script(code, json.dumps(before), json.dumps(after)) == [
        "New here: “shades”.",
        "Try “shades”",
        {"model": "shades", "view": "translate"},
    ]
