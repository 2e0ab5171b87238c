"""Parameters of several routes: seeds, models, resolutions, labels, and what leaving one out is.

Owns their types, their description and what a seed's text means. Knows no route and no model.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import quote

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
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_SEED_TEXT, "examples": ["ada"]}
    ),
]


# The ending of `/images/ada.webp` is the format. An ending of another kind of picture would give
# the face of `ada.gif` as PNG: it is refused, and any other (`john.smith`) belongs to the seed.
FORMAT_OF_ENDING: Final = {"png": "png", "webp": "webp", "jpg": "jpeg", "jpeg": "jpeg"}
OTHER_ENDINGS: Final = frozenset(
    [
        "apng",
        "avif",
        "bmp",
        "emf",
        "eps",
        "gif",
        "heic",
        "heif",
        "ico",
        "jfif",
        "jp2",
        "jpe",
        "jxl",
        "pbm",
        "pgm",
        "pjpeg",
        "ppm",
        "psd",
        "qoi",
        "svg",
        "svgz",
        "tga",
        "tif",
        "tiff",
        "wmf",
        "xbm",
    ]
)
FRAGILE_IN_PATH: Final = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")  # segments that are empty, . or ..


def seed_in_path(text: str, image_format: str | None) -> tuple[str, str]:
    """The text of a seed and the format, of the last part of a path such as `ada.webp`.

    Args:
        text: as it stands in the path, decoded.
        image_format: as the query has it, if it has it.

    Raises:
        OutOfRange: the ending is of no format that there is, or contradicts the query; or the
            text would not pass every client and proxy unchanged.
    """
    stem, dot, ending = text.rpartition(".")
    ending = ending.lower() if dot else ""
    in_query = f"/images?seed={quote(text, safe='')}"
    if ending in OTHER_ENDINGS:
        message = (
            f"{text!r} ends like a file that there is not: pictures are .png, .webp or .jpg, "
            f"moving ones GET /interpolate; for a seed with this ending ask {in_query}"
        )
        raise OutOfRange("seed", message, [f".{each}" for each in FORMAT_OF_ENDING])
    if (by_ending := FORMAT_OF_ENDING.get(ending)) is not None:
        if image_format not in (None, by_ending):
            message = f"the path says {by_ending} and the query {image_format}: leave one out"
            raise OutOfRange("format", message, [by_ending])
        text, image_format = stem, by_ending
    if text and FRAGILE_IN_PATH.search(text):
        message = f"clients and proxies change the path of {text!r} on the way: ask {in_query}"
        raise OutOfRange("seed", message, SEEDS_ALLOWED)
    return text, image_format or "png"


def seed_of(text: str) -> int:
    """The integer a client means by a seed.

    Raises:
        OutOfRange: it is none.
    """
    try:
        return parse_seed(text)
    except ValueError as error:
        raise OutOfRange("seed", str(error), SEEDS_ALLOWED) from error
