"""Strict reading of JSON: every key known and present, every value of its type.

Owns the parsing of an object (no duplicate key, NaN or lone surrogate) and the messages for the
errors of pydantic: the path of the field, the error and the value found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

T = TypeVar("T")

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
MAX_SHOWN = 60  # characters of a value in a message
MAX_ERRORS = 5  # in a message
TOLD_WHOLE = ("value_error", "family_unknown")  # types of errors whose message needs no value
KEY_ERRORS = {
    "missing": "missing",
    "missing_argument": "missing",
    "unexpected_keyword_argument": "unknown",
    "extra_forbidden": "unknown",
}


def parse_object(text: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ValueError: no JSON, no object, nested too deeply, a duplicate key, NaN or Infinity.
    """
    try:
        values: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(values, dict):
        raise ValueError(f"it is not a JSON object, but {_shown(values)}")  # noqa: TRY004 - of the text
    return cast("dict[str, Any]", values)


def read_strictly(adapter: TypeAdapter[T], values: object) -> T:
    """Validate parsed JSON; types are never converted.

    Raises:
        ValueError: lists each invalid field.
    """
    try:
        return adapter.validate_json(json.dumps(values, allow_nan=False))
    except ValidationError as error:
        raise ValueError(explain(error)) from error
    except (TypeError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from error


def explain(error: ValidationError) -> str:
    """Format the errors of pydantic in one line: `path: error`, without duplicates."""
    lines: dict[str, None] = {}
    for part in error.errors(include_url=False):
        path = ".".join(str(step) for step in part["loc"]) or "it"
        word = KEY_ERRORS.get(part["type"])
        message = part["msg"].removeprefix("Value error, ")
        value = "" if part["type"] in TOLD_WHOLE else f", not {_shown(part['input'])}"
        lines[f"{path}: {word or message + value}"] = None
    shown = [*lines][:MAX_ERRORS]
    more = len(lines) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def missing_keys(full: object, given: object, path: str = "") -> Iterator[str]:
    """Paths of the keys in `full` that are missing in `given`, from which `full` was read.

    Fields with a default may be omitted in code, but not in a file.
    """
    if isinstance(full, dict) and isinstance(given, dict):
        there = cast("dict[str, object]", given)
        for key, value in cast("dict[str, object]", full).items():
            if key in there:
                yield from missing_keys(value, there[key], f"{path}{key}.")
            else:
                yield f"{path}{key}"
    elif isinstance(full, (list, tuple)) and isinstance(given, list):
        pairs = zip(cast("list[object]", full), cast("list[object]", given), strict=False)
        for number, pair in enumerate(pairs):
            yield from missing_keys(*pair, f"{path}{number}.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {_shown(double)} stands there twice")
    return values


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
