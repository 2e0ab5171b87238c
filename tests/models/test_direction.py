"""Entries of directions in a card: their names and limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.card import Card, CardError
from models.direction import MAX_DIRECTIONS, Direction
from tests.service.painter import card_named

CARD = card_named("faces")
ENTRY: dict[str, object] = {"name": "pca-1", "method": "by hand", "share": 0.25}


def read(*entries: dict[str, object]) -> Card:
    """The card with these entries."""
    return Card.from_dict(CARD.to_dict() | {"directions": list(entries)})


def test_a_card_with_directions_takes_edits() -> None:
    """And is read as it was written; a card without any is what it was before there were some."""
    card = read(ENTRY)

    assert card.directions == (Direction("pca-1", "by hand", 0.25),)
    assert card.takes == ("seed", "edit")
    assert Card.from_dict(card.to_dict()) == card
    assert "directions" not in CARD.to_dict()
    assert CARD.takes == ("seed",)


@pytest.mark.parametrize(
    "change",
    [{"name": "Smile"}, {"name": "a,b"}, {"name": "a:b"}, {"name": ""}, {"share": 1.5}, {"x": 1}],
)
def test_an_entry_that_is_not_allowed_is_refused(change: dict[str, object]) -> None:
    """Names hold no separator of edits."""
    with pytest.raises(CardError, match=r"directions\.0"):
        read(ENTRY | change)


def test_two_directions_of_one_name_are_refused() -> None:
    """An address must mean one of them."""
    with pytest.raises(CardError, match="must all be different"):
        read(ENTRY, ENTRY)


def test_there_is_a_most() -> None:
    """A damaged card describes no endless list."""
    with pytest.raises(CardError, match="directions"):
        read(*({**ENTRY, "name": f"pca-{n}"} for n in range(MAX_DIRECTIONS + 1)))


def test_a_network_without_latents_takes_no_edit_by_itself() -> None:
    """Directions are what makes a model take edits."""
    assert "edit" not in replace(CARD, directions=()).takes
