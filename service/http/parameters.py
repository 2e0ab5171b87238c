"""Parameters of several routes: seeds, models, resolutions, labels, and what leaving one out is.

Owns their types, their description and what a seed's text means. Knows no route and no model.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from models.latent import MAX_SEED, MAX_SEED_TEXT, parse_seed
from service.errors import OutOfRange

SEEDS_ALLOWED = f"an integer from 0 to {MAX_SEED}, or any text of 1 to {MAX_SEED_TEXT} characters"


class NeverNull:
    """Marks what a request may leave out: it is described without null, which no query can say."""

    def __get_pydantic_json_schema__(
        self,
        schema: Any,  # noqa: ANN401 - pydantic's own form, whatever that is
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """The description of the type beside None."""
        described = handler(schema)
        (kind,) = [each for each in described.pop("anyOf") if each != {"type": "null"}]
        return {**kind, **described}


ModelName = Annotated[
    str | None,
    NeverNull(),
    Field(min_length=1, description="`name`, or `name@digest` to pin it; else the default model"),
]
Resolution = Annotated[
    int | None,
    NeverNull(),
    Field(
        description="One that the model has; else its largest. Width and height in pixels; where "
        "pictures are not square, `GET /models` tells both for each resolution.",
        examples=[32],
    ),
]
Label = Annotated[
    str | None,
    NeverNull(),
    Field(description="Name of a class, for models with labels; else each seed brings its own."),
]
SeedText = Annotated[
    str,
    # What is too short or too long is told by `seed_of`, in the same words everywhere.
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_SEED_TEXT}),
]


def seed_of(text: str) -> int:
    """The integer a client means by a seed.

    Raises:
        OutOfRange: it is none.
    """
    try:
        return parse_seed(text)
    except ValueError as error:
        raise OutOfRange("seed", str(error), SEEDS_ALLOWED) from error
