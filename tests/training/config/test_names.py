"""Names of settings: short ones, nested ones, and misspelt ones."""

import pytest

from training.config.names import FLAT_NAMES, nested, suggestion


def test_every_place_has_one_short_name() -> None:
    """And the other way round."""
    assert len(set(FLAT_NAMES.values())) == len(FLAT_NAMES)


def test_flat_values_are_nested() -> None:
    """As files of earlier releases have them; what is nested stays as it is."""
    flat = {"preset": "x", "objective": "hinge", "penalty_weight": 3, "labels": "none"}
    values = {
        "preset": "x",
        "objective": {"name": "hinge", "labels": "none"},
        "penalty": {"weight": 3},
    }

    assert nested(flat) == values
    assert nested(values) == values


@pytest.mark.parametrize(
    ("name", "meant"),
    [("penaltyweight", "penalty_weight"), ("seeds", "seed"), ("lr", "levels.*.learning_rate")],
)
def test_a_misspelt_name_has_a_suggestion(name: str, meant: str) -> None:
    """By its letters, or as another tool calls it."""
    assert suggestion(name, FLAT_NAMES) == f"; did you mean {meant}?"


def test_a_name_like_no_other_has_none() -> None:
    """Better none than a wrong one."""
    assert suggestion("colour", ["seed", "drift"]) == ""
