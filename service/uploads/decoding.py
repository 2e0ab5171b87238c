"""Decoding of uploads with Pillow: pixels of every frame, upright, and the metadata.

Owns the conversion of all modes of Pillow to gray, RGB or RGBA, and the rule that an exception of a
decoder is a fault of the file. Runs on a thread of `DecoderPool`. Writes nothing to disk.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from models.opened_picture import TRANSPOSITIONS, scale_transparent_colour
from models.picture import Pixels, in_eight_bits
from service.uploads.containers import Outline
from service.uploads.errors import PictureDamaged, PictureTooLarge
from service.uploads.formats import PICTURES, UPLOAD_FORMATS, check_size, checked_outline, format_of

ORIENTATION: Final = 0x0112
IMAGE_DESCRIPTION: Final = 0x010E
MOST_TEXT: Final = 2**16  # characters of one text; ours have a few hundred
DECODER_REASONS: Final = {
    "MAX_TEXT_": "a text in it is too long when decompressed",
    "is truncated": "it ends before its picture does",
}  # what Pillow says, in part -> what the client is told
WIDE_GRAY: Final = ("I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True)
class RawMetadata:
    """Texts in a file, as they are.

    Attributes:
        texts: text chunks of a PNG by keyword.
        xmp: XMP packet; empty if there is none.
        description: image description in EXIF.
        comment: comment of a GIF.
    """

    texts: dict[str, str] = field(default_factory=dict[str, str])
    xmp: bytes = b""
    description: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Upload:
    """A file that a client has sent, within the limits and not decoded yet.

    Attributes:
        format: a key of `UPLOAD_FORMATS`, by content.
    """

    content: bytes
    format: str
    outline: Outline
    max_pixels: int

    @property
    def trailing_bytes(self) -> int:
        """Number of bytes after the end of the picture, which no decoder reads."""
        return len(self.content) - self.outline.end

    @property
    def media_type(self) -> str:
        """The media type by content."""
        return UPLOAD_FORMATS[self.format].media_type


@dataclass(frozen=True)
class DecodedPicture:
    """The first frame of an upload, and what the file says.

    Attributes:
        pixels: uint8 `[H, W, C]`, C = 1 (gray), 3 (RGB) or 4 (RGBA), or uint16 `[H, W, 1]`,
            upright.
        frames: number of frames.
        turned: True if EXIF demanded a rotation or reflection.
    """

    pixels: Pixels
    frames: int
    metadata: RawMetadata
    turned: bool = False


def open_upload(content: bytes, max_pixels: int, allowed: tuple[str, ...] = PICTURES) -> Upload:
    """Recognise a file and check its limits, without decoding it.

    Args:
        content: the file.
        max_pixels: largest number of pixels of one picture; an animation may have four times as
            many in all its frames.
        allowed: keys of `UPLOAD_FORMATS`.

    Raises:
        PictureNotTaken, PictureTooLarge, PictureDamaged: it is refused.
    """
    name = format_of(content, allowed)
    return Upload(content, name, checked_outline(content, name, max_pixels), max_pixels)


def decode(upload: Upload) -> DecodedPicture:
    """Decode the first frame of an upload and read its metadata.

    Raises:
        PictureTooLarge, PictureDamaged: it is refused.
    """
    with _opened(upload) as image:
        image.load()
        frames = int(getattr(image, "n_frames", 1)) if upload.format != "jpeg" else 1
        orientation, description = _exif_of(image)
        metadata = _metadata_of(image, description)
        method = TRANSPOSITIONS.get(orientation)
        upright = image if method is None else image.transpose(method)
        return DecodedPicture(pixels_of(upright), frames, metadata, method is not None)


def frames_at(upload: Upload, places: Sequence[int]) -> Iterator[Pixels]:
    """Decode some frames of an animation, one at a time.

    Args:
        upload: an animation.
        places: numbers of the frames from 0, rising.

    Raises:
        PictureTooLarge, PictureDamaged: it is refused.
    """
    with _opened(upload) as image:
        for place in places:
            image.seek(place)
            image.load()
            yield pixels_of(image)


@contextmanager
def _opened(upload: Upload) -> Generator[Image.Image]:
    """Open an upload in the one format that it has; every exception is a fault of the file."""
    name = UPLOAD_FORMATS[upload.format].pillow
    assert name is not None, "films are never decoded"
    try:
        with Image.open(io.BytesIO(upload.content), formats=[name]) as image:
            frames = int(getattr(image, "n_frames", 1)) if upload.format != "jpeg" else 1
            check_size(*image.size, frames, upload.max_pixels)
            _check_animation(upload, frames)
            scale_transparent_colour(image)
            yield image
    except (PictureTooLarge, PictureDamaged, GeneratorExit):
        raise
    except UnidentifiedImageError as error:  # its text has an address in memory
        raise PictureDamaged(f"the {upload.format} file has a damaged header") from error
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(f"the picture is too large to be decoded: {error}") from error
    except Exception as error:
        # Decoders raise what they please on damaged files: OSError, SyntaxError, struct.error, ...
        reason = next(
            (told for part, told in DECODER_REASONS.items() if part in str(error)), str(error)
        )
        raise PictureDamaged(f"the {upload.format} file cannot be decoded: {reason}") from error


def _check_animation(upload: Upload, frames: int) -> None:
    """Refuse a PNG whose animation the decoder leaves out: browsers show it instead of the picture.

    Raises:
        PictureDamaged: it has more frames than the decoder found.
    """
    outline = upload.outline
    left_out = frames < outline.frames or (outline.animated and frames == 1)
    if upload.format == "png" and left_out:
        raise PictureDamaged("the png file is damaged: the chunks of its animation do not fit")


def pixels_of(image: Image.Image) -> Pixels:
    """Convert a decoded picture of any mode to uint8 `[H, W, C]`, C = 1, 3 or 4.

    Gray of 16 bits becomes uint16 `[H, W, 1]`, or 8-bit RGBA if one value is transparent.
    """
    if image.mode in WIDE_GRAY:
        wide = np.asarray(image).astype(np.uint16)[..., None]
        clear = image.info.get("transparency")
        if not isinstance(clear, int):
            return wide
        alpha = np.where(wide == clear, 0, 255).astype(np.uint8)
        return np.concatenate([in_eight_bits(wide)] * 3 + [alpha], axis=2)
    if image.mode in ("I", "F"):
        return np.clip(np.asarray(image), 0, 255).astype(np.uint8)[..., None]
    if image.mode in ("1", "L") and not image.has_transparency_data:
        return np.array(image.convert("L"))[..., None]
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return np.array(image if image.mode == mode else image.convert(mode))


def _exif_of(image: Image.Image) -> tuple[int, str]:
    """Return orientation and description; 1 and an empty text if EXIF is missing or damaged.

    An orientation in XMP, which `Image.getexif` takes where EXIF has none, is not read.
    """
    try:
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
        orientation, description = exif.get(ORIENTATION, 1), exif.get(IMAGE_DESCRIPTION, "")
    except Exception:  # noqa: BLE001 - damaged EXIF does not spoil the pixels
        return 1, ""
    if isinstance(description, bytes):
        description = description.decode("utf-8", "replace")
    text = description[:MOST_TEXT] if isinstance(description, str) else ""
    return (orientation if isinstance(orientation, int) else 1), _utf8(text)


def _utf8(text: str) -> str:
    """Decode UTF-8 that Pillow has read as Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _metadata_of(image: Image.Image, description: str) -> RawMetadata:
    info: dict[str | tuple[int, int], object] = dict(image.info)
    texts = {
        str(name): str(value)[:MOST_TEXT] for name, value in info.items() if isinstance(value, str)
    }
    xmp, comment = info.get("xmp"), info.get("comment")
    return RawMetadata(
        texts if image.format == "PNG" else {},
        xmp if isinstance(xmp, bytes) else b"",
        description,
        comment[:MOST_TEXT].decode("utf-8", "replace") if isinstance(comment, bytes) else "",
    )
