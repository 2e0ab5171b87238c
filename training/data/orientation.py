"""The orientation of a picture in its file, and the rotation upright.

Owns the orientation in the metadata of every file format; damaged metadata counts as upright.
"""

from __future__ import annotations

import warnings

from PIL import Image
from PIL.ExifTags import Base as ExifTag

from models.opened_picture import TRANSPOSITIONS

SIDEWAYS = {number for number in TRANSPOSITIONS if number >= 5}  # width and height are swapped


def orientation_of(image: Image.Image) -> int:
    """Orientation of an opened picture: 1 if upright, or a number of `TRANSPOSITIONS`.

    TIFFs count as upright, because Pillow rotates them when it decodes them, and reports the size
    of the upright picture before that. Damaged metadata counts as upright.
    """
    if image.format == "TIFF":
        return 1
    if image.format == "PNG":
        image.load()  # outside the `try`: damaged pixels are an error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata may warn before it raises
            held = image.getexif().get(ExifTag.Orientation, 1)
        return int(held) if held in TRANSPOSITIONS else 1
    except Exception:  # noqa: BLE001  # damaged metadata may raise anything
        return 1


def turned(size: tuple[int, int], held: int) -> tuple[int, int]:
    """Convert (width, height) in the file to that of the upright picture, or back."""
    return (size[1], size[0]) if held in SIDEWAYS else size
