"""Picture and video files, for generation without the service.

Owns the encoders, their names and the atomic writing of files. PNG and WebP are lossless; JPEG and
MP4 are lossy and have no transparency. Only PNG has 16 bits, the others are 8-bit views. Knows no
generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from models.layout import UNFINISHED
from models.picture import (
    Bytes,
    Pixels,
    ValueRange,
    as_shown,
    bit_depth_of,
    in_colour,
    in_eight_bits,
    number_text,
    on_white,
)

SavePicture = Callable[[Path, Pixels], None]
SaveWalk = Callable[[Path, Sequence[Pixels], float], None]

SMALLEST_FILM_SIDE = 64  # pixels of a video; some video players cannot show smaller ones


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` with a temporary path beside `path`, then rename; an older file is replaced.

    Raises:
        OSError: the disk is full; an older file is unchanged.
    """
    partial = path.with_name(f".{path.stem}{UNFINISHED}{path.suffix}")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def save_png(path: Path, pixels: Pixels, value_range: ValueRange | None = None) -> None:
    """Save a picture `[H, W, C]` as PNG, lossless.

    One of 16 bits states its depth and the values of 0 and 65,535 in text chunks: `bit_depth`,
    `value_low`, `value_high`, as in files of the service.
    """
    texts = None
    if value_range is not None:
        texts = PngImagePlugin.PngInfo()
        texts.add_text("bit_depth", str(bit_depth_of(pixels)))
        for name, value in zip(("value_low", "value_high"), value_range, strict=True):
            texts.add_text(name, number_text(value))
    Image.fromarray(as_shown(pixels)).save(path, format="PNG", pnginfo=texts)


def save_webp(path: Path, pixels: Pixels) -> None:
    """Save a picture `[H, W, C]` as WebP, lossless but for 16 bits, of which it keeps 8."""
    image = Image.fromarray(in_colour(in_eight_bits(pixels)))
    image.save(path, format="WEBP", lossless=True, exact=True)


def save_jpeg(path: Path, pixels: Pixels) -> None:
    """Save a picture `[H, W, C]` as JPEG, over white, without chroma subsampling."""
    image = Image.fromarray(as_shown(on_white(in_eight_bits(pixels))))
    image.save(path, "JPEG", quality=95, subsampling=0)


def write_animation(path: Path, frames: Sequence[Pixels], fps: float, file_format: str) -> None:
    """Write frames `[H, W, C]` as an endless GIF or lossless WebP; `file_format` is Pillow's."""
    images = [Image.fromarray(in_colour(in_eight_bits(frame))) for frame in frames]
    options = {"lossless": True} if file_format == "WEBP" else {}
    images[0].save(
        path,
        format=file_format,
        save_all=True,
        append_images=images[1:],
        duration=round(1000 / fps),
        loop=0,
        **options,
    )


def save_mp4(path: Path, frames: Sequence[Pixels], fps: float) -> None:
    """Write frames `[H, W, C]` as H.264, over white; small ones are enlarged by a whole factor."""
    import av  # noqa: PLC0415 - takes half a second, for one format

    pictures = [_fit(frame) for frame in frames]
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "16"}
        for picture in pictures:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())


def _fit(pixels: Pixels) -> Bytes:
    """Convert to RGB `[H, W, 3]` with even sides, each at least `SMALLEST_FILM_SIDE`."""
    rgb = in_eight_bits(in_colour(on_white(pixels)))
    factor = -(-SMALLEST_FILM_SIDE // min(rgb.shape[:2]))
    large = rgb.repeat(factor, axis=0).repeat(factor, axis=1)
    rows, columns = (side % 2 for side in large.shape[:2])
    return np.pad(large, ((0, rows), (0, columns), (0, 0)), mode="edge")


PICTURE_FORMATS: dict[str, SavePicture] = {"png": save_png, "webp": save_webp, "jpeg": save_jpeg}
WALK_FORMATS: dict[str, SaveWalk] = {
    "gif": partial(write_animation, file_format="GIF"),
    "webp": partial(write_animation, file_format="WEBP"),
    "mp4": save_mp4,
}


def saver_of(file_format: str, value_range: ValueRange | None) -> SavePicture:
    """Function that saves a picture in this format; a PNG of 16 bits states the value range."""
    if file_format == "png":
        return partial(save_png, value_range=value_range)
    return PICTURE_FORMATS[file_format]
