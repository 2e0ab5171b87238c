"""Animated GIF files: one palette of 256 colours for all frames, so that nothing flickers.

GIF is lossy for colour (about 40 dB PSNR on drawings) and exact for gray. Frames are mapped to the
nearest colour without dithering, whose noise would flicker and adds half to the bytes.
Owns the container (GIF89a specification), since Pillow's `save_all` merges equal frames; Pillow
computes the palette and compresses the frames.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from PIL import GifImagePlugin, Image

from models.picture import Pixels, as_shown, checked_in_eight_bits, on_white
from service.media.provenance import Facts, one_line

SAMPLED_PIXELS: Final = 1 << 18  # sample for the palette, spread over all frames
TRANSPARENT: Final = 255  # the palette index reserved for it in RGBA
SHORTEST_DELAY: Final = 2  # hundredths of a second; players replace shorter delays by 10
RESTORE_BACKGROUND: Final = 2
GRAYS: Final = bytes(value for value in range(256) for _ in range(3))


def write_gif(frames: Iterable[Pixels], fps: int, loop: bool, facts: Facts) -> bytes:
    """Encode pictures of one shape as an animated GIF; a repeated frame is kept.

    Args:
        frames: at least one; each is `[H, W, C]`. In RGBA, a pixel with alpha below 128 becomes
            transparent.
        fps: frames per second; delays are whole hundredths of a second and at least two, so above
            50 the animation plays slower.
        loop: play forever, or once.
        facts: written as a comment.

    """
    pictures = frames if isinstance(frames, Sequence) else [*frames]
    height, width, channels = checked_in_eight_bits(pictures[0]).shape
    palette = _palette(pictures)
    # Sections 17 to 19: signature, size, flags (256 8-bit colours), background, aspect, palette.
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0xF7, TRANSPARENT, 0)
    parts = [screen, bytes(palette.getpalette() or GRAYS)]
    if loop:
        parts.append(b"!\xff\x0bNETSCAPE2.0" + _blocks(struct.pack("<BH", 1, 0)))
    parts.append(b"!\xfe" + _blocks(one_line(facts).encode()))
    for number, picture in enumerate(map(checked_in_eight_bits, pictures)):
        start, end = (round(k * 100 / fps) for k in (number, number + 1))
        settings = {"duration": max(end - start, SHORTEST_DELAY) * 10}  # milliseconds
        if channels == 4:
            settings |= {"transparency": TRANSPARENT, "disposal": RESTORE_BACKGROUND}
        parts += GifImagePlugin.getdata(_indexed(picture, palette), (0, 0), **settings)
    return b"".join([*parts, b";"])


def _palette(pictures: Sequence[Pixels]) -> Image.Image:
    """Return an image that holds the common palette: 256 colours, or 255 and transparency."""
    holder = Image.new("P", (1, 1))
    channels = checked_in_eight_bits(pictures[0]).shape[2]
    if channels == 1:
        holder.putpalette(GRAYS)
        return holder
    step = -(-len(pictures) * pictures[0][..., 0].size // SAMPLED_PIXELS)
    sample = np.concatenate(
        [
            on_white(p).reshape(-1, 3)[k % step :: step]
            for k, p in enumerate(map(checked_in_eight_bits, pictures))
        ]
    )
    colours = TRANSPARENT if channels == 4 else 256
    found = Image.fromarray(sample[None]).quantize(colours, Image.Quantize.FASTOCTREE)
    known = bytes(found.getpalette() or [])
    # Unused entries repeat the first colour, so that no pixel is mapped to a new one.
    holder.putpalette((known + known[:3] * 256)[: 3 * 256])
    return holder


def _indexed(picture: Pixels, palette: Image.Image) -> Image.Image:
    """Map a picture to indices of the palette."""
    if picture.shape[2] == 1:
        indexed = Image.fromarray(as_shown(picture)).convert("P")
    else:
        shown = Image.fromarray(on_white(picture))
        indexed = shown.quantize(palette=palette, dither=Image.Dither.NONE)
    if picture.shape[2] == 4:
        numbers = np.array(indexed)
        numbers[picture[..., 3] < 128] = TRANSPARENT
        indexed = Image.fromarray(numbers).convert("P")
    return indexed


def _blocks(data: bytes) -> bytes:
    """Split data into sub-blocks (section 15): at most 255 bytes after their length, last empty."""
    pieces = [data[k : k + 255] for k in range(0, len(data), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"
