"""Numbers in texts from outside: queries, headers, command lines, the environment, files.

Owns their grammar: ASCII digits, as JSON and every other language write them. Python alone also
reads `1_0` as 10, digits of all scripts, spaces around a number, and `nan`. Knows no limits.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[+-]?[0-9]+")
# Digits match in one way alone: in two, the time would grow with the square of their number.
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def whole_number(text: str) -> int:
    """Parse a whole number.

    Raises:
        ValueError: it is none, or has more than 4,300 digits.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"a whole number in digits is needed, not {text!r:.80}")
    return int(text)


def decimal_number(text: str) -> float:
    """Parse a number, with a point or an exponent or without; infinite where it is too large.

    Raises:
        ValueError: it is none.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"a number in digits is needed, not {text!r:.80}")
    return float(text)


def is_digits(text: str) -> bool:
    """True for a text of one ASCII digit or more, and of nothing else."""
    return text.isascii() and text.isdecimal()
