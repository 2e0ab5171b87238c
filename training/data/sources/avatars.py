"""Pictures drawn by DiceBear: avatars composed of an artist's parts, one per seed.

Owns the drawing and the attribution of the artist. `style` and `request` define the content.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import resvg_py
from dicebear import Avatar
from PIL import Image

from models.resolution import SQUARE, Size
from training.data.decode import Decoded, MemoryLock, shaped_pixels
from training.data.manifest import DataError, Source
from training.data.payload import Payload
from training.data.shape import Shape, largest_within
from training.data.sources.pictures import Entry, require_eight_bits
from training.data.sources.request import AvatarRequest, parse_request
from training.data.sources.style import LOOKS, load_style, look_of, read_definition


@dataclass(frozen=True)
class AvatarPictures:
    """Drawings of one style as a source of pictures; see `PictureSource`."""

    request: AvatarRequest
    origin: Source

    channels = 3
    label_names = ()
    state = None

    @property
    def passed_over(self) -> dict[str, int]:
        """Empty: every drawing counts."""
        return {}

    @property
    def count(self) -> int:
        """Number of pictures to draw."""
        return self.request.count

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest resolution that fits into the drawings, which are square; a power of two."""
        size = self.request.size
        return 1 << (largest_within((size, size), base).bit_length() - 1)

    def decoder(self, shape: Shape) -> AvatarDecoder:
        """The decoder that draws the pictures.

        Raises:
            DataError: the drawings are smaller than the requested pictures, or 16 bits are
                requested.
        """
        require_eight_bits(shape, self.origin.location)
        needed = max(shape.size)
        if self.request.size < needed:
            raise DataError(
                f"drawings of {self.request.size} pixels are too small for {needed}: "
                f"ask for size={needed}"
            )
        return AvatarDecoder(self.request, shape)

    def entries(self) -> Iterator[Entry]:
        """One entry for each number from 0 to count - 1."""
        for number in range(self.request.count):
            yield Entry(f"{self.request.style}-{number}", number)


@dataclass(frozen=True)
class AvatarDecoder:
    """Draws the avatar of a given number."""

    request: AvatarRequest
    shape: Shape

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Draw pixels `[H, W, C]`; `payload` is the number."""
        request = self.request
        drawing = avatar_of(request, payload).to_string()
        png = resvg_py.svg_to_bytes(
            svg_string=drawing, width=request.size, height=request.size, skip_system_fonts=True
        )
        with Image.open(io.BytesIO(bytes(png))) as image:
            return shaped_pixels(image, self.shape, memory_lock)


def avatar_of(request: AvatarRequest, number: Payload) -> Avatar:
    """The avatar of a number from 0 to count - 1, as SVG; a function of the request alone."""
    options = dict(look_of(request.style), seed=f"{request.seed}-{number}")
    if request.background:
        options["backgroundColor"] = list(request.background)
    options.update((name, list(values)) for name, values in request.choices)
    return Avatar(load_style(request.style), options)


def chosen_options(request: AvatarRequest, number: int) -> dict[str, object]:
    """The options that DiceBear chose for the avatar of a number, such as `hairVariant`.

    Variants are texts, colours are lists of texts; the options of a part that is not drawn are
    missing.
    """
    return avatar_of(request, number).to_json()["options"]


def open_avatars(location: str) -> AvatarPictures:
    """Open `dicebear:STYLE?...` as a source.

    Raises:
        DataError: see `parse_request`.
    """
    request = parse_request(location)
    meta = read_definition(request.style)["meta"]
    licence = meta.get("license", {})
    credit = [licence.get("text", ""), "drawn by DiceBear from the artist's parts"]
    if request.style in LOOKS:
        credit.append("cropped, on other backgrounds, some parts left out")
    credit_text = "; ".join(filter(None, credit))
    origin = Source("dicebear", request.style, location, licence.get("name", ""), credit_text)
    return AvatarPictures(request, origin)
