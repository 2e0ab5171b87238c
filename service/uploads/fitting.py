"""Fitting of an uploaded picture to the size and channels of a model.

Owns the rule below. Knows no format of files and no model.

**The rule, which never changes:** gray of 16 bits becomes its 8-bit view (of 16-bit colours, the
decoder takes the high byte); transparency is composited over white, unless the model has an alpha
channel; colours become gray by the weights of ITU-R 601 (Pillow's mode L) for a gray model. Then
the middle of the picture is cut out, as large as possible in the proportions of the model (an odd
pixel is left out at the right or bottom), and resampled to its size with a Lanczos filter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from models.picture import Bytes, Pixels, in_eight_bits
from models.resolution import Size

PILLOW_MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}  # by channels
WHITE: Final = (255, 255, 255, 255)


def fit_picture(pixels: Pixels, size: Size, channels: int) -> Bytes:
    """Return a picture in another size: uint8 `[height, width, channels]`.

    Args:
        pixels: uint8 or uint16 `[H, W, C]`, C = 1 (gray), 3 (RGB) or 4 (RGBA).
        size: height and width of the result.
        channels: of the result.
    """
    eight = np.ascontiguousarray(in_eight_bits(pixels))
    image = Image.fromarray(eight.squeeze(2) if eight.shape[2] == 1 else eight)
    image = cropped(image, size)
    if image.mode == "RGBA" and channels != 4:
        white = Image.new("RGBA", image.size, WHITE)
        image = Image.alpha_composite(white, image)
    image = image.convert(PILLOW_MODES[channels])
    height, width = size
    fitted = image.resize((width, height), Resampling.LANCZOS)
    return np.asarray(fitted, np.uint8).reshape(height, width, channels)


def cropped(image: Image.Image, size: Size) -> Image.Image:
    """Cut out the middle, as large as possible in the proportions of `size`."""
    height, width = size
    wide = min(image.width, max(1, image.height * width // height))
    high = min(image.height, max(1, image.width * height // width))
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    return image.crop((left, top, left + wide, top + high))
