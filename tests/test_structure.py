"""Limits of the structure: no import cycle between sub-packages, unique public names."""

from __future__ import annotations

import pytest

from tests.structure import (
    PACKAGES,
    floors,
    function_lengths,
    homonyms,
    question_docstrings,
    stale_docstrings,
    table,
)

CONVENTIONS = {
    "T": "a type variable",
    "log": "the logger of a module",
    "router": "the routes of a module, as FastAPI names them",
    "main": "what `python -m` runs",
    "run": "what a command does",
    "add_arguments": "what a command understands",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_sub_packages_import_each_other_in_one_direction(package: str) -> None:
    """Sub-packages in a cycle cannot be read, tested or moved separately."""
    assert floors(package) <= 10


def test_a_public_name_has_one_meaning() -> None:
    """A search for a name finds one definition; conventional names are exempt."""
    assert set(homonyms()) <= set(CONVENTIONS), homonyms()


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package: str) -> None:
    """The median is at most eight lines."""
    lengths = sorted(function_lengths(package).values())

    assert lengths[len(lengths) // 2] <= 8


def test_docstrings_describe_arguments_and_attributes_that_exist() -> None:
    """Docstrings must be updated when an argument or attribute is renamed."""
    assert stale_docstrings() == []


def test_the_table_names_every_package() -> None:
    """`python -m tests.structure` prints this table."""
    assert all(f"{package}: " in table() for package in PACKAGES)


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    """A question word at the beginning makes the reader wait for the noun."""
    assert question_docstrings() == []
