"""Texts that only Python takes for a number."""

from __future__ import annotations

from itertools import product

import pytest
from pydantic import ValidationError

from service.env_file import SettingsError
from service.environment import read_settings
from service.http.queries import (
    DatasetQuery,
    GenerateQuery,
    ImageQuery,
    Parameters,
    TranslateQuery,
    WalkQuery,
)
from service.settings import Settings

PYTHON_ONLY = ["1_0", "10 ", "1_0.5"]


@pytest.mark.parametrize(
    "query", [ImageQuery, GenerateQuery, TranslateQuery, WalkQuery, DatasetQuery]
)
def test_every_number_of_a_query_is_written_in_digits(query: type[Parameters]) -> None:
    """With the error that any other text gets; other fields may have underscores."""
    properties = query.model_json_schema()["properties"]
    numbers = [name for name in properties if properties[name].get("type") in ("integer", "number")]
    assert "resolution" in numbers
    for name, text in product(numbers, PYTHON_ONLY):
        with pytest.raises(ValidationError) as caught:
            query.model_validate({name: text})
        error = next(each for each in caught.value.errors() if each["loc"] == (name,))
        assert "in digits alone" in error["msg"]
    assert ImageQuery.model_validate({"label": "1_0"}).label == "1_0"
    assert ImageQuery.model_validate({"resolution": " 64"}).resolution == 64  # of `+64`


def test_every_number_of_the_settings_is_written_in_digits() -> None:
    """The start is refused in words, and nothing else of a setting changes."""
    with pytest.raises(SettingsError, match="PROGAN_MAX_BATCH"):
        read_settings({"PROGAN_MAX_BATCH": "1_6"})
    with pytest.raises(SettingsError, match="PROGAN_STALL_S"):
        read_settings({"PROGAN_STALL_S": "6_0.5"})
    assert read_settings({"PROGAN_DEFAULT_MODEL": "a_1"})[0].default_model == "a_1"
    assert Settings(max_batch=4).max_batch == 4
