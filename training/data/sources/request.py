"""Requests such as `dicebear:STYLE?count=20000&size=256&seed=0&background=b8d8f0,c8e3c4`.

Owns the syntax, and the choice of parts and colours (`hairVariant=long,bald`, `hairColor=f27d65`)
by the names that DiceBear has for them; knows nothing of drawing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import parse_qsl

from models.resolution import MAX_RESOLUTION, MIN_RESOLUTION
from training.data.manifest import DataError
from training.data.sources.style import known_styles, read_definition

SCHEME = "dicebear:"
DEFAULT_COUNT = 20_000
DEFAULT_SIZE = 256  # pixels
GENERAL_SETTINGS = ("count", "size", "seed", "background")
SIX_DIGITS = re.compile("[0-9a-fA-F]{6}")
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
        choices: values of the style's own options, such as ("hairColor", ("f27d65", "dee1f5")):
            one of them is chosen at random per picture.
    """

    style: str
    count: int = DEFAULT_COUNT
    size: int = DEFAULT_SIZE
    seed: str = "0"
    background: tuple[str, ...] = tuple(SOFT_COLOURS.split(","))
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()


def parse_request(location: str) -> AvatarRequest:
    """Parse `dicebear:STYLE?count=...&size=...&seed=...&background=...&hairColor=...`.

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
    offered = offered_choices(style)
    for name in sorted(set(values) - set(GENERAL_SETTINGS) - set(offered)):
        raise DataError(
            f"{location}: unknown {name}; allowed: {', '.join((*GENERAL_SETTINGS, *offered))}"
        )
    return AvatarRequest(
        style,
        number_within(values, "count", DEFAULT_COUNT, 1, 100_000_000),
        number_within(values, "size", DEFAULT_SIZE, MIN_RESOLUTION, MAX_RESOLUTION),
        values.get("seed", "0"),
        colours("background", values.get("background", SOFT_COLOURS)),
        tuple((k, chosen(k, values[k], offered[k])) for k in sorted(set(values) & set(offered))),
    )


def offered_choices(style: str) -> dict[str, tuple[str, ...]]:
    """The options of a style that may be chosen: names of the variants; empty for any colours."""
    definition = read_definition(style)
    parts = definition.get("components", {})
    offered: dict[str, tuple[str, ...]] = {}
    for name, part in parts.items():
        own = parts[part["extends"]] if "extends" in part else part
        offered[f"{name}Variant"] = tuple(own["variants"])
    others = definition.get("colors", {}).keys() - {"background"}
    return offered | {f"{name}Color": () for name in sorted(others)}


def chosen(name: str, text: str, variants: tuple[str, ...]) -> tuple[str, ...]:
    """Parse the values of an option, separated by commas: some of its variants, or colours.

    Raises:
        DataError: the part has no such variant, or a colour is not six hexadecimal digits.
    """
    if not variants:
        return colours(name, text)
    found = tuple(text.split(","))
    for variant in found:
        if variant not in variants:
            raise DataError(f"{name} must be some of {','.join(variants)}, not {variant!r}")
    return found


def number_within(values: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """Parse the value of `name` as an integer, or return the default.

    Raises:
        DataError: not an integer, or out of range.
    """
    text = values.get(name, str(default))
    if not re.fullmatch("[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise DataError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def colours(name: str, text: str) -> tuple[str, ...]:
    """Parse colours separated by commas; for the background, `none` is an empty tuple.

    Raises:
        DataError: a colour is not six hexadecimal digits.
    """
    optional = name == "background"
    if optional and text == "none":
        return ()
    found = tuple(colour.strip().removeprefix("#") for colour in text.split(","))
    if not all(SIX_DIGITS.fullmatch(colour) for colour in found):
        allowed = "`none` or colours" if optional else "colours"
        raise DataError(f"{name} must be {allowed} like ffffff,d0c8ee, not {text!r}")
    return found
