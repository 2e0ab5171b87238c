"""The facts of a picture: one table, written as file metadata, headers, log fields and addresses.

Owns their names and their text forms. To add an input of a picture, add a field to `Recipe` and a
row to `FACTS`; there is no other list. Knows neither HTTP nor file formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, urlencode

from models.card import Card
from models.picture import number_text
from service.batching.recipe import SOURCE_FACT, Recipe
from service.batching.styling import text_of_edits
from service.fact import Fact, Value, header_text

SOFTWARE: Final = "Progan"


def value_facts(card: Card) -> dict[str, str]:
    """Bit depth of a model's pixels, and the values of 0 and 65,535; empty for 8 bits."""
    if card.value_range is None:
        return {}
    low, high = map(number_text, card.value_range)
    return {"bit_depth": str(card.bit_depth), "value_low": low, "value_high": high}


def _is_between(recipe: Recipe) -> bool:
    return recipe.point.t != 0.0


def _seed_of(recipe: Recipe) -> Value:
    is_of_one_seed = recipe.source is None and not _is_between(recipe)
    return recipe.point.start if is_of_one_seed else None


SEED_HEADER: Final = "X-Seed"  # of `seed` and of `start`, of which a picture has one
ABOUT_SEEDS: Final = (
    "Seed, or seeds separated by commas; of a picture between two seeds, the first of them."
)

FACTS: Final = (
    Fact(
        "seed",
        lambda recipe, _: _seed_of(recipe),
        header=SEED_HEADER,
        about=ABOUT_SEEDS,
        per_picture=True,
    ),
    Fact(
        "start",
        lambda recipe, _: recipe.point.start if _is_between(recipe) else None,
        header=SEED_HEADER,
        about=ABOUT_SEEDS,
        per_picture=True,
    ),
    Fact(
        "end",
        lambda recipe, _: recipe.point.end if _is_between(recipe) else None,
        header="X-End",
        about="The second of two seeds, of a picture between them.",
        in_address=True,
        per_picture=True,
    ),
    Fact(
        "t",
        lambda recipe, _: recipe.point.t if _is_between(recipe) else None,
        header="X-T",
        about="Place of a picture between two seeds: 0 is the first, 1 the second.",
        in_address=True,
    ),
    Fact(
        "method",
        lambda recipe, _: str(recipe.point.method) if _is_between(recipe) else None,
        header="X-Method",
        about="Interpolation of a picture between two seeds: slerp or lerp.",
        logged_as="interpolation",  # `method` is that of the request
        in_address=True,
    ),
    Fact(
        "model",
        lambda recipe, _: recipe.model,
        header="X-Model",
        about="The model, pinned: name@digest.",
        in_address=True,
    ),
    Fact(
        "resolution",
        lambda recipe, _: recipe.resolution,
        header="X-Resolution",
        about="Resolution of the pictures; their height in pixels.",
        in_address=True,
    ),
    Fact(
        "label",
        lambda recipe, _: recipe.label if recipe.source is None else None,
        header="X-Label",
        about="Class, or classes separated by commas, percent-encoded; one where all pictures "
        "share it; for models with labels.",
        in_address=True,
    ),
    Fact(
        "psi",
        lambda recipe, _: None if recipe.psi == 1.0 else recipe.psi,
        header="X-Psi",
        about="Truncation: the style is moved to the mean style of its class, which is 0; where it "
        "is not 1, which changes nothing.",
        in_address=True,
    ),
    Fact(
        "mix",
        lambda recipe, _: None if recipe.mix is None else str(recipe.mix),
        header="X-Mix",
        about="SEED@RESOLUTION: layers from this resolution on have the style of this seed.",
        in_address=True,
    ),
    Fact(
        "edit",
        lambda recipe, _: text_of_edits(recipe.edits),
        header="X-Edit",
        about="NAME:STRENGTH of each step along a direction, percent-encoded.",
        in_address=True,
    ),
    Fact(
        SOURCE_FACT,
        lambda recipe, _: recipe.source.sha256 if recipe.source else None,
        header="X-Source-SHA256",
        about="SHA-256 of the uploaded file, of a translated picture.",
    ),
    Fact(
        "to",
        lambda recipe, _: recipe.label if recipe.source else None,
        header="X-To",
        about="Domain of a translated picture, percent-encoded.",
    ),
    Fact(
        "watermark",
        lambda recipe, _: recipe.watermark,
        header="X-Watermark",
        about="Version of the watermark in the pixels, with the fingerprint of its key if that is "
        "not the public one; `none` for pictures too small for one or of 16 bits; where watermarks "
        "are on.",
        in_address=True,
    ),
    Fact(
        "bit_depth",
        lambda _, card: value_facts(card).get("bit_depth"),
        header="X-Bit-Depth",
        about="Bits of the pixels that X-Pixel-SHA256 is of, where they are 16; a file that is no "
        "PNG is an 8-bit view of them.",
    ),
    Fact(
        "value_low",
        lambda _, card: value_facts(card).get("value_low"),
        header="X-Value-Low",
        about="Value of the pixel 0, where pixels have 16 bits; pixel p stands for the value "
        "low + p / 65535 * (high - low).",
    ),
    Fact(
        "value_high",
        lambda _, card: value_facts(card).get("value_high"),
        header="X-Value-High",
        about="Value of the pixel 65,535, where pixels have 16 bits.",
    ),
    Fact("licence", lambda _, card: card.licence or None),
    Fact("credit", lambda _, card: card.data.attribution or None),
)


def file_facts(recipes: Sequence[Recipe], card: Card) -> dict[str, str]:
    """The metadata of a file with these pictures.

    Returns:
        Facts by name. A fact with several values has its name in the plural; these values are
        percent-encoded and separated by spaces.
    """
    facts: dict[str, str] = {"software": SOFTWARE}
    for fact, values in _values(recipes, card):
        if len(values) == 1:
            facts[fact.name] = str(values[0])
        else:
            facts[f"{fact.name}s"] = " ".join(quote(str(value)) for value in values)
    return facts


def header_facts(recipes: Sequence[Recipe], card: Card) -> dict[str, str]:
    """The headers of an answer with these pictures; several values are separated by commas."""
    return {
        fact.header: ",".join(header_text(value) for value in values)
        for fact, values in _values(recipes, card)
        if fact.header
    }


def value_headers(card: Card) -> dict[str, str]:
    """The headers that tell what the pixels of a model stand for; none for 8 bits."""
    values = value_facts(card)
    return {fact.header: values[fact.name] for fact in FACTS if fact.header and fact.name in values}


def log_facts(recipes: Sequence[Recipe], card: Card) -> dict[str, Value]:
    """The fields of the log: as in headers, but a single number stays a number."""
    return {
        fact.logged_as or fact.name: values[0]
        if len(values) == 1 and isinstance(values[0], int | float) and not fact.per_picture
        else ",".join(header_text(value) for value in values)
        for fact, values in _values(recipes, card)
        if fact.header
    }


def address_of(recipe: Recipe, card: Card, image_format: str) -> str:
    """Permanent path and query of a picture, relative to the root of the service."""
    query = {f.name: f.read(recipe, card) for f in FACTS if f.in_address} | {"format": image_format}
    present = {name: value for name, value in query.items() if value is not None}
    return f"/images/{recipe.point.start}?{urlencode(present, safe='@')}"


def _values(recipes: Sequence[Recipe], card: Card) -> Iterator[tuple[Fact, list[Value]]]:
    """Each fact that all pictures have; one value if it is the same for all."""
    for fact in FACTS:
        values = [fact.read(recipe, card) for recipe in recipes]
        if None not in values:
            is_one = not fact.per_picture and len(set(values)) == 1
            yield fact, values[:1] if is_one else values
