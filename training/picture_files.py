"""Picture and video files, for generation without the service.

Owns the encoders and the atomic writing of files. PNG and WebP are lossless; JPEG and MP4 are
lossy and have no transparency. Knows no generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from models.layout import UNFINISHED
from models.picture import Pixels, as_shown, in_colour, on_white

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


def save_png(path: Path, pixels: Pixels) -> None:
    """Save a picture `[H, W, C]` as PNG, lossless."""
    Image.fromarray(as_shown(pixels)).save(path, format="PNG")


def save_webp(path: Path, pixels: Pixels) -> None:
    """Save a picture `[H, W, C]` as WebP, lossless."""
    Image.fromarray(in_colour(pixels)).save(path, format="WEBP", lossless=True, exact=True)


def save_jpeg(path: Path, pixels: Pixels) -> None:
    """Save a picture `[H, W, C]` as JPEG, over white, without chroma subsampling."""
    Image.fromarray(as_shown(on_white(pixels))).save(path, "JPEG", quality=95, subsampling=0)


def write_animation(path: Path, frames: Sequence[Pixels], fps: float, file_format: str) -> None:
    """Write frames `[H, W, C]` as an endless GIF or lossless WebP; `file_format` is Pillow's."""
    images = [Image.fromarray(in_colour(frame)) for frame in frames]
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


def _fit(pixels: Pixels) -> Pixels:
    """Convert to RGB `[H, W, 3]` with even sides, each at least `SMALLEST_FILM_SIDE`."""
    rgb = in_colour(on_white(pixels))
    factor = -(-SMALLEST_FILM_SIDE // min(rgb.shape[:2]))
    large = rgb.repeat(factor, axis=0).repeat(factor, axis=1)
    rows, columns = (side % 2 for side in large.shape[:2])
    return np.pad(large, ((0, rows), (0, columns), (0, 0)), mode="edge")
