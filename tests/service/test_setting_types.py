"""Types of settings that are read from text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from service.setting_types import (
    Folders,
    FunctionName,
    HostName,
    HttpAddress,
    Origins,
    RateText,
    split_at,
)


def test_words_are_split_and_stripped() -> None:
    """Empty words between separators mean nothing."""
    assert split_at(",", " a, b ,,c ") == ("a", "b", "c")


def test_folders_are_listed_once_each() -> None:
    """Separated as in PATH, in their order; an empty list is the default."""
    folders = TypeAdapter[tuple[Path, ...]](Folders)

    assert folders.validate_python(os.pathsep.join("bab")) == (Path("b"), Path("a"))
    assert folders.validate_python(os.pathsep) == (Path("models/pretrained"),)


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        (HostName, "http://127.0.0.1", "write an address or a name alone"),
        (RateText, "many", "write a rate as 120/minute"),
        (FunctionName, "our_keys.kms", "write module:function"),
        (HttpAddress, "timestamp.example.org", "write an address as http://"),
        (Origins, "one.example", "'one.example' is no origin: write https://example.org"),
    ],
)
def test_a_text_that_cannot_be_used_comes_with_advice(kind: type, text: str, advice: str) -> None:
    """The sentence reaches the operator as it is."""
    with pytest.raises(ValidationError, match=advice):
        TypeAdapter[object](kind).validate_python(text)
