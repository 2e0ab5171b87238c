"""Validation of setting values, given as text or not: type and limits.

Owns `read_value`, and the limits of a setting in words. Knows a name only for its message.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from models.plain_number import decimal_number
from training.config.groups import MOST, ConfigError

Setting = tuple[Any, FieldInfo | None]  # type, and limits
TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false"}
OUT_OF_LIMITS = {
    *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
    *("finite_number", "int_parsing_size"),
}


def setting_of(owner: type[Any], key: str) -> Setting:
    """Type and limits of a setting in a group."""
    info: FieldInfo = owner.__pydantic_fields__[key]
    finite = [Field(allow_inf_nan=False)] if info.annotation is float else []
    more = (*info.metadata, *finite)
    return (Annotated[(info.annotation, *more)] if more else info.annotation), info


def read_value(name: str, setting: Setting, given: object) -> object:
    """Return a value of the right type, within its limits; text is read as on the command line.

    Raises:
        ConfigError: the value has another type or is out of its limits.
    """
    kind, info = setting
    plain = info.annotation if info else kind
    try:
        if isinstance(given, str) and plain in (bool, int, float):
            if plain is bool and given.lower() not in ("true", "false"):
                raise ConfigError(f"{name} must be true or false, not {given!r}")
            value = TypeAdapter[object](kind).validate_strings(given)
            if plain is not bool:
                decimal_number(given)  # pydantic also reads what Python alone writes, such as 1_0
            return value
        return TypeAdapter[object](kind).validate_python(given, strict=True)
    except ValidationError as error:
        raise ConfigError(_refusal(name, plain, info, given, error)) from error
    except ValueError as error:
        words = TYPES["int" if plain is int else "float"]
        raise ConfigError(f"{name} must be {words}, not {given!r}") from error


def _refusal(
    name: str, kind: object, info: FieldInfo | None, given: object, error: ValidationError
) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return f"{name} {first['msg'].removeprefix('Value error, ')}"
    if first["type"] == "literal_error":
        return f"{name} must be one of {', '.join(map(str, get_args(kind)))}, not {given}"
    limits = limits_of(info)
    if limits and first["type"] in OUT_OF_LIMITS:
        return f"{name} must be {limits}, not {given}"
    words = TYPES.get(first["type"].partition("_")[0], "text")
    return f"{name} must be {words}, not {given!r}"


def limits_of(info: FieldInfo | None) -> str:
    """The limits of a setting in words: `above 0 and up to 1`; empty without any."""
    words = {"ge": "{} or more", "gt": "above {}", "le": "up to {}", "lt": "below {}"}
    limits = [
        word.format(value)
        for limit in (info.metadata if info else ())
        for name, word in words.items()
        if (value := getattr(limit, name, None)) is not None and value != MOST
    ]
    return " and ".join(limits)
