"""The card of a bundle, and the strictness with which it is read."""

import json
from dataclasses import replace
from typing import Any

import pytest

from models.card import FORMAT_VERSION, Card, CardError
from models.families.progan.config import ExitShape


def through_json(card: Card) -> dict[str, Any]:
    """What a reader finds in the file."""
    return json.loads(json.dumps(card.to_dict()))


def test_a_card_comes_back_from_json_as_it_was(card: Card) -> None:
    """Tuples, nested values and all."""
    assert Card.from_dict(through_json(card)) == card


def test_the_pinned_name_holds_the_digest(card: Card) -> None:
    """`name@digest` never means another model."""
    assert card.pinned_name == "tiny@" + "0" * 64
    assert card.resolutions == (4, 8, 16, 32)


@pytest.mark.parametrize("name", ["", "Tiny", "a b", "-tiny", "a/b", "../x", "x" * 65, "tiny\n"])
def test_a_name_that_would_not_fit_into_an_address_is_refused(card: Card, name: str) -> None:
    """The message says which characters do."""
    with pytest.raises(CardError, match="use 1 to 64 lower-case letters"):
        replace(card, name=name)


def test_there_is_one_exit_for_each_resolution(card: Card) -> None:
    """Neither fewer nor in another order."""
    for exits in (card.exits[1:], card.exits[::-1]):
        with pytest.raises(CardError, match="one exit for each resolution, smallest first"):
            replace(card, exits=exits)


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, None, "1"])
def test_another_format_is_refused_whatever_else_it_says(version: object) -> None:
    """A newer card may have other keys, so the version is looked at first."""
    with pytest.raises(CardError, match="use the release that wrote it, or export it again"):
        Card.from_dict({"format_version": version, "something": "new"})


@pytest.mark.parametrize("part", ["card", "exit", "data", "golden seed"])
def test_unknown_and_missing_keys_are_named(card: Card, part: str) -> None:
    """In the card itself and in each of its parts."""
    values = through_json(card)
    inner = {
        "card": values,
        "exit": values["exits"][1],
        "data": values["data"],
        "golden seed": values["golden"][0],
    }[part]
    lost = min(set(inner) - {"format_version"})
    del inner[lost]
    inner["surprise"] = 1

    with pytest.raises(CardError, match=f"the {part} has missing {lost} and unknown surprise"):
        Card.from_dict(values)


@pytest.mark.parametrize(
    "labels", [(), ("shirt",), ("shirt",) * 2, ("a", "b", "c"), ("a", "a", "b")]
)
def test_there_is_one_label_for_each_class(card: Card, labels: tuple[str, ...]) -> None:
    """All different, so that each can be asked for."""
    with pytest.raises(CardError, match="one label for each of 2 classes, all different"):
        replace(card, labels=labels)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network", {"resolution": 32}),
        ("network", None),
        ("exits", 4),
        ("exits", [4, 8]),
        ("golden", None),
        ("labels", 3),
        ("data", "Fashion-MNIST"),
        ("name", 5),
    ],
)
def test_a_value_that_does_not_fit_is_refused(card: Card, key: str, value: object) -> None:
    """As a card that does not fit, not as a crash of the reader."""
    with pytest.raises(CardError):
        Card.from_dict({**through_json(card), key: value})


# ----------------------------------------------------------------------------------------
# Cards of older formats


def of_version_1(card: Card) -> dict[str, Any]:
    """The card as the first format had it: one convolution for each exit, and no cost."""
    values = through_json(card)
    exits = [
        {"resolution": e["resolution"], "kernel": 5, "psnr_db": e["psnr_db"]}
        for e in values["exits"]
    ]
    return {**values, "exits": exits, "format_version": 1}


def test_a_card_of_the_first_format_is_read(card: Card) -> None:
    """Its exits are linear; what they cost is not known; all else is as it was."""
    read = Card.from_dict(of_version_1(card))

    assert [e.shape for e in read.exits] == [ExitShape((5,))] * 4
    assert {(e.multiply_adds, e.share_of_path) for e in read.exits} == {(None, None)}
    assert [e.psnr_db for e in read.exits] == [30.0, 30.0, 30.0, None]
    assert read.format_version == FORMAT_VERSION
    assert replace(read, exits=card.exits) == card


@pytest.mark.parametrize("exit_", [{"resolution": 4}, [4, 8], None, {"kernel": "five"}])
def test_a_card_of_the_first_format_is_read_as_strictly(card: Card, exit_: object) -> None:
    """What does not fit is refused."""
    values = of_version_1(card)
    values["exits"][1] = exit_

    with pytest.raises(CardError, match="export the bundle again"):
        Card.from_dict(values)
    with pytest.raises(CardError, match="missing surprise|unknown surprise"):
        Card.from_dict({**of_version_1(card), "surprise": 1})


@pytest.mark.parametrize(
    ("kernels", "hidden"),
    [((), ()), ((2,), ()), ((0,), ()), ((1, 3), ()), ((3,), (8,)), ((3, 1), (0,)), (("3",), ())],
)
def test_an_exit_that_cannot_be_is_refused(
    card: Card, kernels: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    """Kernels are odd, and there is one more of them than hidden layers."""
    values = through_json(card)
    values["exits"][0] |= {"kernels": list(kernels), "hidden": list(hidden)}

    with pytest.raises(CardError, match="the card does not fit: an exit needs"):
        Card.from_dict(values)
