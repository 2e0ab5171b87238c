"""JSON that is read strictly: what is refused, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict, TypeAdapter

from models.strict_json import STRICT, missing_keys, parse_object, read_strictly


@dataclass(frozen=True)
class Point:
    """Something to read."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    x: int
    y: float = 0.5


POINTS = TypeAdapter(dict[str, Point])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[1]", r"not a JSON object, but \[1\]"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands there twice"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": Infinity}', "Infinity is no JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5_000, "integer string conversion"),
    ],
)
def test_text_that_is_no_plain_object_is_refused(text: str, reason: str) -> None:
    """Python's own reader takes most of them."""
    with pytest.raises(ValueError, match=reason):
        parse_object(text)


def test_an_object_is_read_as_it_stands() -> None:
    """A whole number is a float where one is asked for; nothing else is converted."""
    assert read_strictly(POINTS, {"a": {"x": 1, "y": 2}}) == {"a": Point(1, 2.0)}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"x": "1"}, "a.x: Input should be a valid integer, not '1'"),
        ({"x": 1.0}, "a.x: Input should be a valid integer, not 1.0"),
        ({"x": True}, "a.x: Input should be a valid integer, not True"),
        ({"x": 1, "y": None}, "a.y: Input should be a valid number, not None"),
        ({"y": 1.0}, "a.x: missing"),
        ({"x": 1, "z": 1}, "a.z: unknown"),
        ({"x": "y" * 200}, "a.x: Input should be a valid integer, not '" + "y" * 56 + "..."),
        ({"x": "a", "y": "b"}, "a.x: Input should be a valid integer, not 'a'; a.y: Input"),
    ],
)
def test_the_message_has_the_path_the_reason_and_the_value(
    value: dict[str, Any], words: str
) -> None:
    """Each field that does not fit, in one line."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        read_strictly(POINTS, {"a": value})

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, "\ud800"])
def test_a_value_that_json_does_not_know_is_refused(value: object) -> None:
    """As a value that does not fit, not as a crash of the reader."""
    with pytest.raises(ValueError, match="a"):
        read_strictly(POINTS, {"a": {"x": value}})


def test_many_errors_are_counted() -> None:
    """Five are shown."""
    with pytest.raises(ValueError, match="; and 15 more$"):
        read_strictly(POINTS, {f"p{n:02}": {"x": None} for n in range(20)})


def test_a_default_is_missing_in_a_file() -> None:
    """In lists as in objects; what the file has is passed."""
    full = {"a": {"x": 1, "y": 0.5}, "b": [{"x": 1, "y": 0.5}, {"x": 2, "y": 0.5}]}
    given = {"a": {"x": 1}, "b": [{"x": 1, "y": 0.5}, {"x": 2}]}

    assert [*missing_keys(full, given)] == ["a.y", "b.1.y"]
    assert [*missing_keys(full, full)] == []
