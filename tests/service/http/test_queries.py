"""Queries of the routes with pictures, and what leaving a parameter out is."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.http.queries import GenerateQuery, ImageQuery, WalkQuery


@pytest.mark.parametrize("query", [ImageQuery, GenerateQuery])
def test_everything_may_be_left_out(query: type[ImageQuery | GenerateQuery]) -> None:
    """The defaults are the service's, or the model's."""
    asked = query()

    assert (asked.resolution, asked.model) == (None, None)


def test_a_walk_needs_two_key_frames() -> None:
    """And has at most sixteen."""
    for count in (1, 17):
        with pytest.raises(ValidationError):
            WalkQuery(seed=["x"] * count)
    assert WalkQuery(seed=["x"] * 16).steps == 24


@pytest.mark.parametrize("query", [ImageQuery, GenerateQuery])
def test_a_parameter_that_is_none_is_refused(query: type[ImageQuery | GenerateQuery]) -> None:
    """Else it would be ignored without a word."""
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        query.model_validate({"sead": "7"})


def test_an_empty_parameter_is_left_out_and_an_empty_seed_is_not() -> None:
    """Forms send fields that nobody filled in."""
    asked = WalkQuery.model_validate({"seed": ["", "x"], "label": "", "steps": "", "fps": "5"})

    assert (asked.seed, asked.label, asked.steps, asked.fps) == (["", "x"], None, 24, 5)
    with pytest.raises(ValidationError, match="sead"):
        WalkQuery.model_validate({"seed": ["a", "b"], "sead": ""})
