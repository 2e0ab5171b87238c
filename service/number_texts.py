"""Numbers in queries, headers and variables, which pydantic reads as Python would write them.

Owns the refusal of texts that only Python takes for a number. Knows no field.
"""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel, ValidationInfo, field_validator


class PlainNumbers(BaseModel):
    """A model whose numbers, where they are given as text, are written in digits alone."""

    @field_validator("*", mode="before")
    @classmethod
    def _read_plain_numbers(cls, value: object, info: ValidationInfo) -> object:
        field = cls.model_fields[info.field_name or ""]
        return require_plain_number(value, field.annotation)


def require_plain_number(value: object, annotation: object) -> object:
    """Return `value`, the text of a field with this type.

    Raises:
        ValueError: the field holds a number, and the text has underscores, as in `1_0`, or spaces
            around it.
    """
    kinds = {annotation, *get_args(annotation)}
    if isinstance(value, str) and kinds & {int, float}:
        text = value.removeprefix(" ")  # a plus sign in a query, which stands for a space
        if "_" in text or text != text.strip():
            raise ValueError("write a number in digits alone, without _ and without spaces")
    return value
