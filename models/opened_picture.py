"""Steps that Pillow leaves to its caller when a picture file is opened.

Owns the transposition for each EXIF orientation, and the transparent colour of a PNG in 8 bits.
Loads no torch.
"""

from __future__ import annotations

from typing import Final

from PIL import Image
from PIL.Image import Transpose

TRANSPOSITIONS: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}  # EXIF 2.32, section 4.6.5.1 (tag 274): orientation -> what makes the picture upright


def scale_transparent_colour(image: Image.Image) -> None:
    """Scale the transparent colour of a PNG (tRNS) to the 8 bits of its decoded pixels, in place.

    Call it before the pixels are decoded. In the file the colour has the bit depth of the pixels:
    16, 4 or 2; Pillow compares it with 8-bit pixels. So in RGB of 16 bits, colours that differ from
    it in their low bytes alone become transparent, too.
    """
    key = image.info.get("transparency")
    if image.format != "PNG" or key is None or isinstance(key, bytes):
        return
    rawmode = next((tile[3] for tile in getattr(image, "tile", [])), "")
    if rawmode == "RGB;16B":
        image.info["transparency"] = tuple(_in_eight_bits(part, 16) for part in key)
    elif rawmode in ("L;2", "L;4"):
        image.info["transparency"] = _in_eight_bits(key, int(rawmode[-1]))


def _in_eight_bits(value: int, bits: int) -> int:
    """A value of a pixel of 2, 4 or 16 bits as Pillow decodes it: 0 to 255, of 16 the high byte."""
    if bits == 16:
        return value >> 8
    most = (1 << bits) - 1
    return (value & most) * 255 // most
