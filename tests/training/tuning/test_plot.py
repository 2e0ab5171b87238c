"""The picture of a search."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from training.tuning.outcome import TrialOutcome
from training.tuning.plot import (
    Panel,
    axis_across,
    axis_of_numbers,
    picture_of,
    round_steps,
    steps_of_log,
)

SVG = "{http://www.w3.org/2000/svg}"


def test_each_trial_has_a_mark_of_its_own_kind(make_outcome: Callable[..., TrialOutcome]) -> None:
    """In each panel where it has a value; the best one is circled, repeats are not drawn."""
    outcomes = {
        "trial-0000": make_outcome(4.0),
        "trial-0001": make_outcome(2.0),
        "trial-0002": make_outcome(5.0, state="pruned"),
        "trial-0003": make_outcome(None, state="diverged"),
        "trial-0001-seed1": make_outcome(2.0),
    }
    rates = Panel("rate <1 & 2>", {"trial-0000": 0.001, "trial-0001": 0.1, "trial-0002": 1.0})
    kinds = Panel("augment", {"trial-0000": "color", "trial-0001": "none", "trial-0002": "color"})

    root = ElementTree.fromstring(picture_of(outcomes, [rates, kinds], "a & b"))

    titles = [each.text or "" for each in root.iter(f"{SVG}title")]
    assert sorted(titles) == sorted(3 * ["trial-0000", "trial-0001", "trial-0002"])
    assert len([each for each in root.iter(f"{SVG}circle") if each.get("fill") == "none"]) == 3
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {"a & b", "rate <1 & 2>", "color", "none", "0.001", "1"} <= set(texts)
    assert any((text or "").startswith("score: 1 is as good as real pictures") for text in texts)


def test_a_search_without_scores_is_drawn_as_well(
    make_outcome: Callable[..., TrialOutcome],
) -> None:
    """With a sentence in place of the axes."""
    outcomes = {"trial-0000": make_outcome(None, state="diverged")}

    assert "no trial has a score yet" in picture_of(outcomes, [], "nothing")


@pytest.mark.parametrize("values", [[1.0], [0.0], [2.0, 2.0], [-1.0, 5.0], [0.001, 10.0]])
def test_all_values_lie_on_their_axis(values: list[float]) -> None:
    """Also if they are all equal."""
    axis = axis_of_numbers(values)

    assert all(0 <= axis.place(value) <= 1 for value in values)
    assert axis.ticks
    assert all(0 <= axis.place(value) <= 1 for value, _ in axis.ticks)


def test_ticks_are_round_and_choices_in_order() -> None:
    """Numbers as numbers, not as texts."""
    assert round_steps(0.0, 9.0) == pytest.approx([0.0, 5.0])
    assert steps_of_log(0.01, 0.3) == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2])
    assert [label for _, label in axis_across([64.0, 16.0, 32.0]).ticks] == ["16", "32", "64"]
    assert [label for _, label in axis_across(["16", "8", "32", "8"]).ticks] == ["8", "16", "32"]
