"""Encoding of frames into one animated file: the table of animation formats.

WebP and PNG are lossless: each frame decodes to exactly the pixels that were encoded, in WebP of 16
bits to their 8-bit view. GIF is exact
only for gray, MP4 never. Every format keeps the number of frames and the duration, even if a frame
repeats the one before. Knows neither models nor HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import av

from models.picture import BitDepth, Pixels
from service.media.encoding import ENCODER_VERSION
from service.media.gif import write_gif
from service.media.png import write_apng
from service.media.provenance import Facts
from service.media.video import write_mp4
from service.media.webp import write_animated_webp

ANIMATOR_VERSION: Final = f"{ENCODER_VERSION}-2-av{av.__version__}"

FASTEST: Final = 240  # frames per second


@dataclass(frozen=True)
class MovingFormat:
    """A file format for an animation.

    Attributes:
        name: name in requests of clients.
        media_type: for `Content-Type` and `Accept`.
        extension: extension of the file name, with its dot.
        lossless: True if the decoded frames are equal to the encoded ones.
        write: frames, frames per second, True to loop, facts -> bytes.
        bit_depth: largest one of a pixel; of deeper frames it has 8-bit views.

    """

    name: str
    media_type: str
    extension: str
    lossless: bool
    write: Callable[[Iterable[Pixels], int, bool, Facts], bytes]
    bit_depth: BitDepth = 8


MOVING_FORMATS: Final[dict[str, MovingFormat]] = {
    "webp": MovingFormat("webp", "image/webp", ".webp", True, write_animated_webp),
    "gif": MovingFormat("gif", "image/gif", ".gif", False, write_gif),
    "png": MovingFormat("png", "image/apng", ".png", True, write_apng, bit_depth=16),
    "mp4": MovingFormat("mp4", "video/mp4", ".mp4", False, write_mp4),
}


def animate(
    frames: Iterable[Pixels],
    format: str,
    fps: int,
    loop: bool,
    facts: Facts,
) -> bytes:
    """Encode pictures as one animated file.

    Args:
        frames: one or more of the same shape, uint8 `[H, W, C]`, C = 1 (gray), 3 (RGB) or 4
            (RGBA), or uint16 `[H, W, 1]`. An iterator is read once; GIF holds all its frames in
            memory. Each frame of a sequence is read again when its turn to be encoded comes, and
            may raise then.
        format: a key of `MOVING_FORMATS`.
        fps: frames per second, 1 to `FASTEST`.
        loop: play forever, or once and stop at the last frame. In MP4 the player decides.
        facts: provenance of the pictures, written once for the file.

    Raises:
        ValueError: no frames, frames of several shapes, an unknown format or an impossible speed.

    """
    if format not in MOVING_FORMATS:
        raise ValueError(f"format {format!r} is unknown: use {', '.join(MOVING_FORMATS)}")
    if not 1 <= fps <= FASTEST:
        raise ValueError(f"fps is {fps}: use 1 to {FASTEST} frames per second")
    if isinstance(frames, Sequence):
        deque(_of_one_shape(frames), maxlen=0)  # only checks them
        return MOVING_FORMATS[format].write(frames, fps, loop, facts)
    return MOVING_FORMATS[format].write(_of_one_shape(frames), fps, loop, facts)


def _of_one_shape(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """Yield the frames; raise if one has another shape than the first, or there are none."""
    shape: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        shape = shape or frame.shape
        if frame.shape != shape:
            raise ValueError(f"frame {number} is {list(frame.shape)}, the first is {list(shape)}")
        yield frame
    if shape is None:
        raise ValueError("an animation needs at least one frame")
