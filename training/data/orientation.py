"""How a picture lies in its file, and how it is turned upright.

Owns the orientation that metadata states, in every kind of file, and its damage.
"""

from __future__ import annotations

import warnings

from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.Image import Transpose

ORIENTATIONS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}  # EXIF 2.32, tag 274: how the camera was held
SIDEWAYS = {number for number in ORIENTATIONS if number >= 5}  # width and height change places


def orientation_of(image: Image.Image) -> int:
    """How an opened picture lies in its file: 1 upright, or a number of `ORIENTATIONS`.

    TIFFs count as upright, for Pillow itself turns them when it decodes them, and their size is
    that of the upright picture from the beginning. Metadata that cannot be read says nothing.
    """
    if image.format == "TIFF":
        return 1
    if image.format == "PNG":
        image.load()  # outside the `try`: pixels that are damaged are an error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata may warn before it raises
            held = image.getexif().get(ExifTag.Orientation, 1)
        return int(held) if held in ORIENTATIONS else 1
    except Exception:  # noqa: BLE001  # damaged metadata may raise anything
        return 1


def turned(size: tuple[int, int], held: int) -> tuple[int, int]:
    """Width and height of what lies in a file, to the eye; or the other way round."""
    return (size[1], size[0]) if held in SIDEWAYS else size
