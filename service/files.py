"""Encoding of pixels into the file of one answer: picture, sheet, ZIP file or animation.

Owns the creation of all these files, each with its facts, and the last step: Content Credentials.
They are signed over the final bytes, once for each file; a ZIP file carries none, its pictures do.
Knows neither routes nor the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.card import Card
from models.picture import BitDepth, Pixels, pixel_sha256
from service.batching.recipe import Recipe
from service.credentials.signing import FileSigner
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


def file_bit_depth(card: Card, format_name: str) -> BitDepth:
    """Bits of the pixels in a file of this format; archives, JSON and sheets of frames hold PNG."""
    chosen = FORMATS.get(format_name) or MOVING_FORMATS.get(format_name) or FORMATS["png"]
    return min(card.bit_depth, chosen.bit_depth)


def picture_file(
    recipe: Recipe, card: Card, pixels: Pixels, image_format: str, signer: FileSigner | None
) -> File:
    """One picture `[H, W, C]`, with its facts as metadata; signed, if there is a signer.

    Raises:
        SigningFailed: it could not be signed.
    """
    return described_file(pixels, image_format, file_facts([recipe], card), signer)


def described_file(
    pixels: Pixels, image_format: str, facts: Facts, signer: FileSigner | None
) -> File:
    """One picture `[H, W, C]` as `picture_file`, where its facts are known already."""
    content = encode(pixels, image_format, facts)
    media_type = FORMATS[image_format].media_type
    return _sealed(content, media_type, pixel_sha256([pixels]), facts, signer)


def sheet_file(
    recipes: Sequence[Recipe],
    card: Card,
    images: Sequence[Pixels],
    image_format: str,
    signer: FileSigner | None,
) -> File:
    """Pictures of one shape, arranged side by side as one picture; signed as `picture_file`."""
    return strip_file(images, image_format, file_facts(recipes, card), signer)


def strip_file(
    frames: Sequence[Pixels], image_format: str, facts: Facts, signer: FileSigner | None
) -> File:
    """Frames of a walk, arranged side by side as one picture; signed as `picture_file`."""
    content = encode(contact_sheet(frames), image_format, facts)
    media_type = FORMATS[image_format].media_type
    return _sealed(content, media_type, pixel_sha256(frames), facts, signer)


def zip_file(named: Sequence[tuple[str, File]], images: Sequence[Pixels], facts: Facts) -> File:
    """A ZIP file: first `facts`, then the files of pictures in this order."""
    content = zip_images([(name, file.content) for name, file in named], facts)
    return File(content, ZIP, pixel_sha256(images))


def animation_file(
    frames: Sequence[Pixels],
    name: str,
    fps: int,
    loop: bool,
    facts: Facts,
    signer: FileSigner | None,
) -> File:
    """Frames as one animation or video in the format `name`; signed as `picture_file`."""
    content = animate(frames, name, fps, loop, facts)
    media_type = MOVING_FORMATS[name].media_type
    return _sealed(content, media_type, pixel_sha256(frames), facts, signer)


def _sealed(
    content: bytes, media_type: str, digest: str, facts: Facts, signer: FileSigner | None
) -> File:
    """Return the finished file of `content`, whose pictures have this digest."""
    if signer is not None:
        content = signer.sign(content, media_type, facts)
    return File(content, media_type, digest)
