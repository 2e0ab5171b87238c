"""The watermark that the pictures of a loaded model have, at each resolution.

Owns the answer to requests and to addresses that name one. Knows no pixels.
"""

from __future__ import annotations

from service.batching.engine import ModelInfo
from service.errors import OutOfRange
from service.watermark.key import UNMARKED
from service.watermark.marking import SMALLEST_MARKED


def watermark_at(served: ModelInfo, resolution: int) -> str | None:
    """The watermark of the pictures at a resolution.

    Returns:
        `none` if they are too small for one or have 16 bits, and None if watermarks are off.
    """
    too_small = min(served.size_at(resolution)) < SMALLEST_MARKED
    return UNMARKED if served.watermark is not None and too_small else served.watermark


def require_watermark(served: ModelInfo, resolution: int, asked: str | None) -> str | None:
    """Check the watermark that an address names, and return that of the pictures.

    It cannot be chosen: an address names it, so that it never gives other pixels.

    Raises:
        OutOfRange: the pictures have another one, or none.
    """
    present = watermark_at(served, resolution)
    if asked in (None, present):
        return present
    message = f"pictures of {resolution} px have {present or 'no watermark'} here: leave it out"
    raise OutOfRange("watermark", message, [present] if present else [])
