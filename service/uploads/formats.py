"""Formats of uploads, recognised by content, and the limits that hold before decoding.

Owns the table of formats and the checks of an outline. Neither a file name nor a declared type
counts. Pillow opens many more formats; those are never tried.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.uploads.containers import (
    BrokenOutline,
    Outline,
    TooManyParts,
    outline_of_boxes,
    outline_of_gif,
    outline_of_jpeg,
    outline_of_png,
    outline_of_webp,
)
from service.uploads.errors import PictureDamaged, PictureNotTaken, PictureTooLarge

MOST_FRAMES: Final = 1200
FRAMES_FACTOR: Final = 4  # all frames together may have this multiple of the pixels of a picture
SCANS_FACTOR: Final = 16  # so may the passes over a progressive JPEG
MOST_METADATA: Final = 2**22  # bytes; cameras and editors write thumbnails
MOST_COMPRESSED: Final = 16  # compressed texts and profiles; each grows to a megabyte at most
MP4_BRANDS: Final = (b"iso", b"mp4", b"avc1", b"M4V ", b"dash", b"mp71", b"cmf")


@dataclass(frozen=True)
class UploadFormat:
    """A format that is read.

    Attributes:
        pillow: name in Pillow; None if it is never decoded.
        recognise: content -> True if the content begins like this format.
        outline: content -> outline.
    """

    media_type: str
    pillow: str | None
    recognise: Callable[[bytes], bool]
    outline: Callable[[bytes], Outline]


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _brands(content: bytes) -> bytes:
    """Return the brands of a file of boxes; empty if it is none."""
    if content[4:8] != b"ftyp":
        return b""
    return content[8 : min(int.from_bytes(content[:4]), 256)]


def _is_avif(content: bytes) -> bool:
    return any(brand in _brands(content) for brand in (b"avif", b"avis"))


def _is_mp4(content: bytes) -> bool:
    return not _is_avif(content) and _brands(content).startswith(MP4_BRANDS)


UPLOAD_FORMATS: Final = {
    "png": UploadFormat(
        "image/png", "PNG", lambda c: c.startswith(b"\x89PNG\r\n\x1a\n"), outline_of_png
    ),
    "jpeg": UploadFormat(
        "image/jpeg", "JPEG", lambda c: c.startswith(b"\xff\xd8\xff"), outline_of_jpeg
    ),
    "webp": UploadFormat("image/webp", "WEBP", _is_webp, outline_of_webp),
    "gif": UploadFormat(
        "image/gif", "GIF", lambda c: c.startswith((b"GIF87a", b"GIF89a")), outline_of_gif
    ),
    "avif": UploadFormat("image/avif", "AVIF", _is_avif, outline_of_boxes),
    "mp4": UploadFormat("video/mp4", None, _is_mp4, outline_of_boxes),
}
PICTURES: Final = tuple(name for name, each in UPLOAD_FORMATS.items() if each.pillow)


def format_of(content: bytes, allowed: tuple[str, ...] = PICTURES) -> str:
    """Return the format of a file by its first bytes: a key of `UPLOAD_FORMATS`.

    Raises:
        PictureDamaged: there is no content.
        PictureNotTaken: it is in none of the formats `allowed`.
    """
    media_types = tuple(UPLOAD_FORMATS[name].media_type for name in allowed)
    if not content:
        raise PictureDamaged("the body is empty: send the bytes of the file as the body")
    for name in allowed:
        if UPLOAD_FORMATS[name].recognise(content):
            return name
    raise PictureNotTaken(
        f"by its content this is none of {', '.join(media_types)}; names and declared types do "
        "not count. Send the file itself, neither as a form nor compressed",
        media_types,
    )


def checked_outline(content: bytes, name: str, max_pixels: int) -> Outline:
    """Return the outline of a file in the format `name`, if it is within the limits.

    Args:
        content: the file.
        name: its format, a key of `UPLOAD_FORMATS`.
        max_pixels: largest number of pixels of one picture.

    Raises:
        PictureDamaged: its parts contradict each other.
        PictureTooLarge: it has too many pixels, frames or parts.
    """
    try:
        outline = UPLOAD_FORMATS[name].outline(content)
    except (struct.error, IndexError) as error:
        raise PictureDamaged(f"the {name} file ends too early") from error
    except BrokenOutline as error:
        raise PictureDamaged(f"the {name} file is damaged: {error}") from error
    except TooManyParts as error:
        raise PictureTooLarge(f"the {name} file consists of too many parts") from error
    check_size(outline.width, outline.height, outline.frames, max_pixels)
    _check_parts(outline, max_pixels)
    return outline


def check_size(width: int, height: int, frames: int, max_pixels: int) -> None:
    """Check the size of a picture and the number of its frames.

    Raises:
        PictureTooLarge: it has too many pixels, or too many frames.
    """
    area = width * height
    if area > max_pixels:
        raise PictureTooLarge(
            f"the picture has {width} x {height} pixels, {area} in all; up to {max_pixels} are "
            "read: send a smaller one",
            allowed={"le": max_pixels},
        )
    if frames > MOST_FRAMES or frames * area > FRAMES_FACTOR * max_pixels:
        most = min(MOST_FRAMES, FRAMES_FACTOR * max_pixels // max(area, 1))
        raise PictureTooLarge(
            f"the animation has {frames} frames of {width} x {height} pixels; up to {most} of this "
            "size are read",
            allowed={"le": most},
        )


def _check_parts(outline: Outline, max_pixels: int) -> None:
    if outline.metadata > MOST_METADATA:
        raise PictureTooLarge(
            f"the file has {outline.metadata} bytes of metadata; up to {MOST_METADATA} are read",
            allowed={"le": MOST_METADATA},
        )
    if outline.compressed > MOST_COMPRESSED:
        raise PictureTooLarge(
            f"the file has {outline.compressed} compressed texts; up to {MOST_COMPRESSED} are read",
            allowed={"le": MOST_COMPRESSED},
        )
    if outline.scans * outline.width * outline.height > SCANS_FACTOR * max_pixels:
        raise PictureTooLarge(
            f"the JPEG passes {outline.scans} times over its pixels, which is too often: save it "
            "again without progressive scans"
        )
