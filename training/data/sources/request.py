"""Requests such as `dicebear:STYLE?count=20000&size=256&seed=0&background=b8d8f0,c8e3c4`.

Owns the syntax; knows nothing of drawing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import parse_qsl

from models.resolution import MAX_RESOLUTION, MIN_RESOLUTION
from training.data.manifest import DataError
from training.data.sources.style import known_styles

SCHEME = "dicebear:"
DEFAULT_COUNT = 20_000
DEFAULT_SIZE = 256  # pixels
SOFT_COLOURS = "b8d8f0,c8e3c4,f8d9b4,f6c9cc,d0c8ee,bde3df,f2e3a6,d4dae3"


@dataclass(frozen=True)
class AvatarRequest:
    """Parameters of `dicebear:STYLE?...`.

    Attributes:
        style: the file name of a style, such as `personas`.
        count: number of pictures.
        size: width and height of the drawing, in pixels.
        seed: any text; determines the pictures.
        background: colours as six hexadecimal digits, one chosen at random per picture; empty: no
            background.
    """

    style: str
    count: int = DEFAULT_COUNT
    size: int = DEFAULT_SIZE
    seed: str = "0"
    background: tuple[str, ...] = tuple(SOFT_COLOURS.split(","))


def parse_request(location: str) -> AvatarRequest:
    """Parse `dicebear:STYLE?count=...&size=...&seed=...&background=...`.

    Raises:
        DataError: an unknown style or setting, or a value out of range.
    """
    style, _, query = location.removeprefix(SCHEME).partition("?")
    styles = known_styles()
    if style not in styles:
        close = get_close_matches(style, styles, n=1)
        meant = f"did you mean {close[0]}?" if close else f"it has {', '.join(styles)}"
        raise DataError(f"DiceBear has no style {style!r}; {meant}")
    values = dict(parse_qsl(query, keep_blank_values=True))
    odd = sorted(set(values) - {"count", "size", "seed", "background"})
    if odd:
        raise DataError(
            f"{location}: unknown {', '.join(odd)}; allowed: count, size, seed, background"
        )
    return AvatarRequest(
        style,
        number_within(values, "count", DEFAULT_COUNT, 1, 100_000_000),
        number_within(values, "size", DEFAULT_SIZE, MIN_RESOLUTION, MAX_RESOLUTION),
        values.get("seed", "0"),
        colours(values.get("background", SOFT_COLOURS)),
    )


def number_within(values: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """Parse the value of `name` as an integer, or return the default.

    Raises:
        DataError: not an integer, or out of range.
    """
    text = values.get(name, str(default))
    if not re.fullmatch("[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise DataError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def colours(text: str) -> tuple[str, ...]:
    """Parse colours separated by commas; `none` is an empty tuple.

    Raises:
        DataError: a colour is not six hexadecimal digits.
    """
    if text == "none":
        return ()
    found = tuple(colour.strip().removeprefix("#") for colour in text.split(","))
    if not all(re.fullmatch("[0-9a-fA-F]{6}", colour) for colour in found):
        raise DataError(f"background must be `none` or colours like ffffff,d0c8ee, not {text!r}")
    return found
