"""Parameters of several routes: seeds, models, resolutions, labels, and their defaults.

Owns their types, their descriptions and the conversion of a seed's text, and of a point between two
seeds. Knows no route, no model.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from models.direction import MAX_EDITS, MAX_STRENGTH
from models.families.config import MAX_PSI
from models.latent import MAX_SEED, MAX_SEED_TEXT, parse_seed
from service.batching.recipe import Method, Point, point_between, point_of
from service.errors import OutOfRange

SEEDS_ALLOWED = f"an integer from 0 to {MAX_SEED}, or any text of 1 to {MAX_SEED_TEXT} characters"


class NeverNull:
    """Marks an optional parameter: its schema has no null, which a query cannot express."""

    def __get_pydantic_json_schema__(
        self,
        schema: Any,  # noqa: ANN401 - pydantic's own form, of any type
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """Return the schema of the type, without None."""
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
Psi = Annotated[
    float | None,
    NeverNull(),
    Field(
        # checked by `require_styling`, with the sentences of models that take none
        json_schema_extra={"minimum": 0.0, "maximum": MAX_PSI},
        description="Truncation, for models that take it: 0 is the mean of all styles (of the "
        "class, where there are some) or latents, 1 changes nothing, between them pictures are "
        "more alike and more often good; else 1. `max_psi` of the model is the most.",
        examples=[0.7],
    ),
]
Mix = Annotated[
    str | None,
    NeverNull(),
    Field(
        min_length=1,
        description="SEED@RESOLUTION, for models that take it: layers from this resolution on have "
        "the style of this seed, those below that of the picture's own. `mix=ada@16` takes shapes "
        "from the picture and colours and surfaces from ada.",
        examples=["ada@16"],
    ),
]
Edits = Annotated[
    list[str],
    Field(
        # checked by `require_styling`, with the names of the model
        max_length=MAX_EDITS,
        description="NAME:STRENGTH, for models that take it; repeatable, or several separated by "
        f"commas, {MAX_EDITS} at most: a step along a named direction (`GET /models`, "
        f"`directions`), from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g} standard deviations.",
        examples=[["pca-1:2"]],
    ),
]
SeedText = Annotated[
    str,
    # Text that is too short or too long is refused by `seed_of`, with one message for all routes.
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_SEED_TEXT, "examples": ["ada"]}
    ),
]


# The extension of `/images/ada.webp` is the format. The extension of another image format would
# give `ada.gif` as PNG: it is refused; any other one (`john.smith`) belongs to the seed.
FORMAT_OF_ENDING: Final = {"png": "png", "webp": "webp", "jpg": "jpeg", "jpeg": "jpeg"}
OTHER_ENDINGS: Final = frozenset(
    [
        "apng",
        "avi",
        "avif",
        "bmp",
        "dng",
        "emf",
        "eps",
        "gif",
        "heic",
        "heif",
        "ico",
        "jfif",
        "jp2",
        "jpe",
        "json",
        "jxl",
        "m4v",
        "mkv",
        "mov",
        "mp4",
        "nef",
        "pbm",
        "pgm",
        "pjpeg",
        "ppm",
        "psd",
        "qoi",
        "raw",
        "svg",
        "svgz",
        "tga",
        "tif",
        "tiff",
        "webm",
        "wmf",
        "xbm",
        "zip",
    ]
)
MIDDLE: Final = 0.5  # t of a point between two seeds, if it is left out
FRAGILE_IN_PATH: Final = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")  # segments that are empty, . or ..


def seed_in_path(text: str, image_format: str | None) -> tuple[str, str]:
    """Return the seed's text and the format, from the last part of a path such as `ada.webp`.

    Args:
        text: last part of the path, decoded.
        image_format: format in the query; None if it is not given.

    Raises:
        OutOfRange: the extension is an unsupported file format, or contradicts the query; or some
            client or proxy would change the text.
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


def seed_of(text: str, parameter: str = "seed") -> int:
    """Return the integer for a seed's text.

    Raises:
        OutOfRange: the text of `parameter` is no valid seed.
    """
    try:
        return parse_seed(text)
    except ValueError as error:
        raise OutOfRange(parameter, str(error), SEEDS_ALLOWED) from error


def point_at(
    seed: str,
    end: str | None,
    t: float | None,
    method: Method | None,
    usual: Method = Method.SLERP,
) -> Point:
    """Return the point of a seed, or the one at `t` on the way to the seed `end`.

    Args:
        seed, end: texts of seeds; without `end` it is the point of `seed`.
        t: 0 to 1; None for the middle.
        method: None for `usual`.
        usual: method of the model.

    Raises:
        OutOfRange: a text is no valid seed, `t` is outside its range, or `t` or `method` is given
            without `end`.
    """
    start = seed_of(seed)
    if end is not None:
        place = MIDDLE if t is None else t
        if not 0.0 <= place <= 1.0:  # or it is not a number
            message = f"a number from 0 (the first seed) to 1 (the second) is needed, not {place}"
            raise OutOfRange("t", message, {"ge": 0, "le": 1})
        return point_between(start, seed_of(end, "end"), place, method or usual)
    for name, value in (("t", t), ("method", method)):
        if value is not None:
            message = f"it needs end, the second of two seeds: add end=SEED, or leave {name} out"
            raise OutOfRange(name, message, [])
    return point_of(start)
