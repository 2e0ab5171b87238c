"""The styling of pictures: its text in addresses, favourites and lists, and its words."""

from __future__ import annotations

import json
from typing import Final

import pytest

from tests.web.browser import run_script

DIRECTIONS: Final = [{"name": "pca-1"}, {"name": "pca-2"}]
TAKES: Final = ["seed", "psi", "mix", "edit"]
STYLED: Final = {"takes": TAKES, "resolutions": [4, 8, 16], "directions": DIRECTIONS}
TRUNCATED: Final = {"takes": ["seed", "psi"], "max_psi": 0.4, "resolutions": [4, 8, 16]}
PLAIN: Final = {"resolutions": [4, 8, 16]}  # a service may say nothing of what a model takes


@pytest.mark.parametrize(
    ("text", "psi", "mix", "edit"),
    [
        ("", 1, "", ""),
        ("psi=0.7", 0.7, "", ""),
        ("psi=0&mix=ada@16", 0, "ada@16", ""),
        ("mix=a%26b%40c@8", 1, "a&b@c@8", ""),
        ("edit=pca-1:2.0,sefa-3:-0.25,pca-2:0", 1, "", "pca-1:2,sefa-3:-0.25"),
    ],
)
def test_the_text_of_a_styling_gives_its_fields_and_they_give_it(
    text: str, psi: float, mix: str, edit: str
) -> None:
    """A seed may hold what separates fields."""
    code = """
    const { fieldsOfStyling, stylingOf } = await script("styling.js");
    const fields = fieldsOfStyling(given[0]);
    print([fields, fieldsOfStyling(stylingOf(fields))]);
    """
    expected = {"psi": psi, "mix": mix, "edit": edit}

    assert run_script(code, text) == [expected, expected]


@pytest.mark.parametrize(
    "text",
    ["psi=1.6", "psi=-1", "psi=much", "mix=ada", "mix=@16", "mix=ada@", f"mix={2**63}@8", "a=1"]
    + [f"edit={edit}" for edit in ("pca-1", "pca-1:much", "pca-1:11", ":2", "A:2", "pca-1:1e999")],
)
def test_what_is_not_allowed_changes_nothing(text: str) -> None:
    """As if it were not there, and none of it comes into an address."""
    code = """
    const { imageAddress } = await script("pictures.js");
    print(imageAddress({ seed: "ada", styling: given[0] }));
    """

    assert run_script(code, text) == "images/ada?format=png"


@pytest.mark.parametrize(
    ("card", "mix", "allowed"),
    [
        (STYLED, "ada@16", {"psi": 0.5, "mix": "ada@16", "edit": "pca-1:1,pca-2:2"}),
        (STYLED, "ada@32", {"psi": 0.5, "mix": "", "edit": "pca-1:1,pca-2:2"}),
        (STYLED, "ada@4", {"psi": 0.5, "mix": "", "edit": "pca-1:1,pca-2:2"}),
        (TRUNCATED, "ada@16", {"psi": 0.4, "mix": "", "edit": ""}),
        (PLAIN, "ada@16", {"psi": 1, "mix": "", "edit": ""}),
    ],
)
def test_a_model_has_the_styling_that_it_takes(
    card: dict[str, object], mix: str, allowed: dict[str, object]
) -> None:
    """What it does not take is left out, and a second style begins above the lowest size."""
    code = """
    const { allowedStyling } = await script("styling.js");
    const edit = "pca-2:2,pca-9:1,pca-1:1"; // in another order than the card has
    print(allowedStyling(JSON.parse(given[0]), { psi: 0.5, mix: given[1], edit }));
    """

    assert run_script(code, json.dumps(card), mix) == allowed


def test_a_styling_is_told_in_words() -> None:
    """Nothing is said of what changes nothing."""
    code = """
    const { wordsOfStyling } = await script("styling.js");
    const states = [
      { psi: 0.7, mix: "ada@16", edit: "" },
      { psi: 1, mix: "", edit: "pca-1:2,pca-2:-0.5" },
      { psi: 1, mix: "", edit: "" },
    ];
    print(states.map(wordsOfStyling));
    """

    assert run_script(code) == [
        "truncated to 0.7, with the style of “ada” from 16 px on",
        "pca-1 +2, pca-2 −0.5",
        "",
    ]


def test_all_addresses_of_a_state_hold_its_styling() -> None:
    """Of one picture, of several and of a walk; the newest model's, too."""
    code = """
    const { galleryAddress, imageAddress, interpolationAddress, newestModel, pinnedModel } =
      await script("pictures.js");
    const state = { card: { name: "a", pinned_name: "a@0f" }, label: "", psi: 0.7, mix: "ada@16",
      edit: "pca-1:2" };
    print([
      imageAddress({ seed: "1", ...pinnedModel(state) }),
      imageAddress({ seed: "1", ...newestModel(state) }),
      galleryAddress(["1"], pinnedModel(state)),
      interpolationAddress(["1", "2"], pinnedModel(state)),
    ]);
    """
    addresses = run_script(code)

    assert all(address.endswith("&psi=0.7&mix=ada@16&edit=pca-1%3A2") for address in addresses)
    assert "model=a&" in addresses[1]


def test_a_list_of_pictures_keeps_their_stylings() -> None:
    """Through its text; a model that follows begins without one, and an unknown part is dropped."""
    code = """
    const { formatPictures, parsePictures } = await script("picture-list.js");
    const point = { seed: "1", end: "", t: 0.5, label: "" };
    const list = [
      { ...point, model: "a@0f", styling: "psi=0.5" },
      { ...point, model: "a@0f" },
      { ...point, model: "a@0f", styling: "mix=ada@16" },
      { ...point, model: "b@0f" },
    ];
    const text = formatPictures(list);
    const strange = "# styling: psi=0.5&x=1\\n1";
    print([list, ...[text, strange].map((each) => parsePictures(each).pictures)]);
    """
    before, after, strange = run_script(code)

    assert before == after
    assert strange[0]["styling"] == "psi=0.5"
