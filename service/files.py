"""Encoding of pixels into the file of one answer: picture, sheet, ZIP file or animation.

Owns the creation of all these files, each with its facts. Knows neither routes nor the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.card import Card
from models.picture import Pixels, pixel_sha256
from service.batching.recipe import Recipe
from service.facts import file_facts
from service.media.animation import MOVING_FORMATS, animate
from service.media.archives import contact_sheet, zip_images
from service.media.encoding import FORMATS, encode
from service.media.provenance import Facts

JSON: Final = "application/json"
ZIP: Final = "application/zip"


@dataclass(frozen=True)
class File:
    """The body of an answer.

    Attributes:
        pixel_sha256: SHA-256 of the concatenated raw bytes of all its pictures.
    """

    content: bytes
    media_type: str
    pixel_sha256: str


def picture_file(recipe: Recipe, card: Card, pixels: Pixels, image_format: str) -> File:
    """One picture `[H, W, C]`, with its facts as metadata."""
    content = encode(pixels, image_format, file_facts([recipe], card))
    return File(content, FORMATS[image_format].media_type, pixel_sha256([pixels]))


def sheet_file(
    recipes: Sequence[Recipe], card: Card, images: Sequence[Pixels], image_format: str
) -> File:
    """Pictures of one shape, arranged side by side as one picture."""
    content = encode(contact_sheet(images), image_format, file_facts(recipes, card))
    return File(content, FORMATS[image_format].media_type, pixel_sha256(images))


def zip_file(named: Sequence[tuple[str, File]], images: Sequence[Pixels], facts: Facts) -> File:
    """A ZIP file: first `facts`, then the files of pictures in this order."""
    content = zip_images([(name, file.content) for name, file in named], facts)
    return File(content, ZIP, pixel_sha256(images))


def animation_file(frames: Sequence[Pixels], name: str, fps: int, loop: bool, facts: Facts) -> File:
    """Frames as one animation or video in the format `name`."""
    content = animate(frames, name, fps, loop, facts)
    return File(content, MOVING_FORMATS[name].media_type, pixel_sha256(frames))
