"""The text of a fact's value in a header."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from service.fact import Value, header_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.25"),
        ("T-shirt/top, red", "T-shirt%2Ftop%2C red"),
        ("M\u00e4dchen", "M%C3%A4dchen"),
        ("personas-256@7b2f", "personas-256@7b2f"),
    ],
)
def test_a_value_is_one_item_of_a_list_in_a_header(value: Value, text: str) -> None:
    """A comma separates values, and a header has only characters of ASCII."""
    assert header_text(value) == text
    assert unquote(text) == str(value)
