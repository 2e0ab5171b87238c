"""One fact of a picture: its name, how it is read from a recipe, and where it is stated.

Owns the form of a row of `service.facts.FACTS`, and the text of a value in headers. Knows no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from models.card import Card
from service.batching.recipe import Recipe

Value = str | int | float | None


@dataclass(frozen=True)
class Fact:
    """One input of a picture, or one property of its model.

    Attributes:
        name: name in files, the log and JSON.
        read: returns the value for a picture; None if it has none.
        header: name of the response header, or None; facts with a header are logged, too.
        about: description of the header.
        logged_as: name in the log, if that is another one.
        in_address: True if it is part of the query of a picture's address.
        per_picture: True if it is listed once for each picture, even if all values are equal.
    """

    name: str
    read: Callable[[Recipe, Card], Value]
    header: str | None = None
    about: str = ""
    logged_as: str | None = None
    in_address: bool = False
    per_picture: bool = False


def header_text(value: Value) -> str:
    """Percent-encode commas and other characters that are not allowed in a header."""
    return quote(str(value), safe=" @")
