"""Pictures drawn by DiceBear: avatars put together from an artist's parts, one for every seed.

Owns the reading of `dicebear:STYLE?count=20000&size=256&seed=0&background=b8d8f0,c8e3c4`, the look
chosen for the styles known here, and the drawing. Knows nothing of files.

**The look of `personas`.** The figure is enlarged by a fifth and lowered, so that the head fills the
picture, every hair-do stays inside, and the shoulders are cut. Backgrounds are eight plain soft
colours. Parts left out are those that are made of very few pixels (pacifier, wrinkles, soul patch,
checkered cloth) or that look like a flaw in isolation (the shade of the cap, the full beard, which
puts a mask on dark faces); beards are twice as frequent as in the style. What remains: 3 clothes x
6 eyes x 19 hair-dos x 6 mouths x 2 noses = 4,104 combinations, 4 beards on every fifth face, and the style's own colours of skin, hair, beard and clothes.

**Blending.** Some styles lighten a part by a shape blended into it *inside a masked group*. A group
with a mask is drawn apart from what lies below, so the blending has nothing to act upon and dark skin
turns gray. Where all shapes of such a group share a blend mode it is moved to the group, which is what
the style's drawing program meant.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import resvg_py
from dicebear import Avatar, Style
from PIL import Image

from training.decode import Payload, Shape, Turn, square_pixels
from training.manifest import DataError, Pixels, Source
from training.pictures import Entry

SCHEME = "dicebear:"
DEFAULT_COUNT = 20_000
DEFAULT_SIZE = 256  # pixels
SOFT_COLOURS = "b8d8f0,c8e3c4,f8d9b4,f6c9cc,d0c8ee,bde3df,f2e3a6,d4dae3"
LOOKS: dict[str, dict[str, Any]] = {
    "personas": {"scale": 1.2, "translateY": 4, "facialHairProbability": 20},  # last two: per cent
}
LEFT_OUT: dict[str, dict[str, tuple[str, ...]]] = {
    "personas": {
        "clothes": ("checkered",),
        "facialHair": ("beardMustache", "soulPatch"),
        "hair": ("cap",),
        "mouth": ("pacifier",),
        "nose": ("wrinkles",),
    },
}


@dataclass(frozen=True)
class AvatarRequest:
    """What `dicebear:STYLE?...` asks for.

    Attributes:
        style: the file name of a style, such as `personas`.
        count: how many pictures.
        size: width and height of the drawing, in pixels.
        seed: any text; another seed, other pictures.
        background: colours, one drawn for each picture, as six hexadecimal digits; empty: none.
    """

    style: str
    count: int = DEFAULT_COUNT
    size: int = DEFAULT_SIZE
    seed: str = "0"
    background: tuple[str, ...] = tuple(SOFT_COLOURS.split(","))


def parse_request(location: str) -> AvatarRequest:
    """Read `dicebear:STYLE?count=...&size=...&seed=...&background=...`.

    Raises:
        DataError: an unknown style or setting, or a value out of range.
    """
    style, _, query = location.removeprefix(SCHEME).partition("?")
    styles = known_styles()
    if style not in styles:
        raise DataError(f"DiceBear has no style {style!r}; it has {', '.join(styles)}")
    values = dict(parse_qsl(query, keep_blank_values=True))
    odd = sorted(set(values) - {"count", "size", "seed", "background"})
    if odd:
        raise DataError(
            f"{location}: unknown {', '.join(odd)}; allowed: count, size, seed, background"
        )
    return AvatarRequest(
        style,
        whole_number(values, "count", DEFAULT_COUNT, 1, 100_000_000),
        whole_number(values, "size", DEFAULT_SIZE, 4, 1024),
        values.get("seed", "0"),
        colours(values.get("background", SOFT_COLOURS)),
    )


def whole_number(values: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """The number `values` gives for `name`, or the default.

    Raises:
        DataError: it is none, or out of range.
    """
    text = values.get(name, str(default))
    if not re.fullmatch("[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise DataError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def colours(text: str) -> tuple[str, ...]:
    """Colours between commas; `none` is no colour at all.

    Raises:
        DataError: one is not six hexadecimal digits.
    """
    if text == "none":
        return ()
    found = tuple(colour.strip().removeprefix("#") for colour in text.split(","))
    if not all(re.fullmatch("[0-9a-fA-F]{6}", colour) for colour in found):
        raise DataError(f"background must be `none` or colours like ffffff,d0c8ee, not {text!r}")
    return found


@dataclass(frozen=True)
class AvatarPictures:
    """Drawings of one style as a source of pictures; see `training.pictures.Pictures`."""

    request: AvatarRequest
    origin: Source

    channels = 3
    label_names = ()

    @property
    def count(self) -> int:
        """How many pictures will be drawn."""
        return self.request.count

    def natural_resolution(self) -> int:
        """The size that was asked for, in pixels."""
        return self.request.size

    def decoder(self, shape: Shape) -> AvatarDecoder:
        """What draws the pictures.

        Raises:
            DataError: the drawing would be smaller than the pictures wanted.
        """
        if self.request.size < shape.resolution:
            raise DataError(
                f"drawings of {self.request.size} pixels are too small for {shape.resolution}: "
                f"ask for size={shape.resolution}"
            )
        return AvatarDecoder(self.request, shape)

    def entries(self) -> Iterator[Entry]:
        """One entry for each number from 0 to count - 1."""
        for number in range(self.request.count):
            yield Entry(f"{self.request.style}-{number}", number)


@dataclass(frozen=True)
class AvatarDecoder:
    """Draws the avatar with a number."""

    request: AvatarRequest
    shape: Shape

    def __call__(self, payload: Payload, alone: Turn) -> Pixels:
        """Pixels `[R, R, C]`; `payload` is the number."""
        request = self.request
        options = dict(look_of(request.style), seed=f"{request.seed}-{payload}")
        if request.background:
            options["backgroundColor"] = list(request.background)
        drawing = Avatar(load_style(request.style), options).to_string()
        png = resvg_py.svg_to_bytes(
            svg_string=drawing, width=request.size, height=request.size, skip_system_fonts=True
        )
        with Image.open(io.BytesIO(bytes(png))) as image:
            return square_pixels(image, self.shape, alone)


def open_avatars(location: str) -> AvatarPictures:
    """The pictures `dicebear:STYLE?...` stands for.

    Raises:
        DataError: as `parse_request`.
    """
    request = parse_request(location)
    meta = read_definition(request.style)["meta"]
    licence = meta.get("license", {})
    credit = f"{licence.get('text', '')} Drawn by DiceBear from the artist's parts"
    if request.style in LOOKS:
        credit += ", cropped, on other backgrounds, some parts left out"
    origin = Source("dicebear", request.style, location, licence.get("name", ""), credit.strip())
    return AvatarPictures(request, origin)


def known_styles() -> tuple[str, ...]:
    """The names of the installed styles."""
    names = (file.name for file in files("dicebear_styles").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def read_definition(style: str) -> dict[str, Any]:
    """The definition of a known style, as published."""
    return json.loads(files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8"))


@cache
def load_style(style: str) -> Style:
    """A style ready to draw, its blending mended; read once in every process."""
    definition = read_definition(style)
    variants = [
        v for c in definition.get("components", {}).values() for v in c["variants"].values()
    ]
    for part in [definition["canvas"], *variants]:
        for element in part["elements"]:
            lift_blending(element)
    return Style(definition)


@cache
def look_of(style: str) -> dict[str, Any]:
    """The options a style is drawn with; those of DiceBear itself unless a look is known here."""
    components = read_definition(style).get("components", {})
    kept = {
        f"{name}Variant": [part for part in components[name]["variants"] if part not in left_out]
        for name, left_out in LEFT_OUT.get(style, {}).items()
    }
    return {**LOOKS.get(style, {}), **kept}


def lift_blending(element: dict[str, Any]) -> None:
    """Move a blend mode shared by all shapes of a masked group to the group, in place."""
    children = [child for child in element.get("children", []) if isinstance(child, dict)]
    for child in children:
        lift_blending(child)
    attributes = element.get("attributes", {})
    styles = {child.get("attributes", {}).get("style") for child in children}
    shared = styles.pop() if len(styles) == 1 else None
    if element.get("name") != "g" or "mask" not in attributes or "style" in attributes:
        return
    if isinstance(shared, str) and shared.startswith("mix-blend-mode:"):
        attributes["style"] = shared
        for child in children:
            del child["attributes"]["style"]
