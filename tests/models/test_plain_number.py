"""The grammar of numbers in texts from outside."""

from __future__ import annotations

import math
import time

import pytest

from models.plain_number import decimal_number, is_digits, whole_number

# Python reads all of these.
PYTHON_ONLY = ["1_0", " 10", "10 ", "1\n", "\u0663", "\uff11", "1_0.5", "nan", "inf", "-Infinity"]


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("+5", 5), ("-12", -12), ("9" * 30, int("9" * 30))]
)
def test_whole_numbers_are_digits_and_perhaps_a_sign(text: str, number: int) -> None:
    """Leading zeros change nothing."""
    assert whole_number(text) == number
    assert decimal_number(text) == float(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.25", 0.25),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e-3", -0.001),
        ("1E2", 100.0),
        ("1e999", math.inf),
    ],
)
def test_decimal_numbers_may_have_a_point_and_an_exponent(text: str, number: float) -> None:
    """As in JSON, and as people shorten them; whole ones are not of this form."""
    assert decimal_number(text) == number
    with pytest.raises(ValueError, match="a whole number in digits is needed"):
        whole_number(text)


@pytest.mark.parametrize("text", [*PYTHON_ONLY, "", "-", ".", "1e", "0x10", "1,5", "1.2.3", "much"])
def test_whatever_else_is_no_number(text: str) -> None:
    """Above all what only Python would read as one."""
    for parse in (whole_number, decimal_number):
        with pytest.raises(ValueError, match="in digits is needed"):
            parse(text)


@pytest.mark.parametrize("text", ["1" * 8_000 + "x", "1." + "1" * 8_000 + "x"])
def test_a_long_text_is_refused_at_once(text: str) -> None:
    """It may be a header of 64 KB, and all other requests wait meanwhile."""
    began = time.process_time()
    for parse in (whole_number, decimal_number):
        with pytest.raises(ValueError, match="in digits is needed"):
            parse(text)

    assert time.process_time() - began < 1.0


def test_digits_are_those_of_ascii() -> None:
    """All of the text, and at least one."""
    assert is_digits("0123456789")
    assert not any(map(is_digits, (*PYTHON_ONLY, "", "-1", "1.0")))
