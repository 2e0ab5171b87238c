"""What a client may say, and what is told of a model."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.batching.engine import EngineMode, ModelInfo
from service.http.schemas import GenerateQuery, ImageQuery, WalkQuery, model_card
from tests.service.painter import card_named


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


def test_the_card_of_a_model_tells_all_but_its_golden_seeds() -> None:
    """They prove the bundle, and are long."""
    card = card_named("gray-16", 16, channels=1)
    told = model_card(ModelInfo(card, EngineMode("cpu", "fp32", "torch", exact=False)), "other")

    assert (told.name, told.default, told.channels) == ("gray-16", False, 1)
    assert told.resolutions == [4, 8, 16]
    assert told.engine["exact"] is False
    assert [exit_["resolution"] for exit_ in told.exits] == [4, 8, 16]
    known = {"kernels", "hidden", "psnr_db", "multiply_adds", "share_of_path"}
    assert all(set(exit_) == {"resolution", *known} for exit_ in told.exits)
    assert "golden" not in told.model_dump()
