"""Pictures held sideways, in every container."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.training.data.picture_files import ORIENTATION, SHORT, encode, tiff
from training.data.decode import FileDecoder
from training.data.shape import Shape, UnfitPictureError

# What a camera writes that was held so that the first row and column are elsewhere (EXIF 2.32).
LYING = np.repeat(np.repeat(np.array([[10, 90], [130, 210]], np.uint8), 8, axis=0), 8, axis=1)
UPRIGHT = {
    1: LYING,
    2: LYING[:, ::-1],
    3: LYING[::-1, ::-1],
    4: LYING[::-1],
    5: LYING.T,
    6: np.rot90(LYING, -1),
    7: LYING[::-1, ::-1].T,
    8: np.rot90(LYING),
}


def decode(data: bytes) -> np.ndarray:
    """Pixels `[16, 16]`."""
    return FileDecoder(Shape(16, 1))(data, nullcontext()).pixels[..., 0]


def exif(orientation: int) -> bytes:
    """Metadata of this orientation."""
    written = Image.Exif()
    written[ORIENTATION] = orientation
    return written.tobytes()


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "AVIF", "TIFF", "TIFF-LZW"])
def test_pictures_are_turned_upright_once(kind: str, orientation: int) -> None:
    """All eight ways, in every container that can say so."""
    image = Image.fromarray(LYING)
    if kind == "TIFF":
        data = tiff(LYING, extra={ORIENTATION: (SHORT, [orientation])})
    elif kind == "TIFF-LZW":
        data = encode(image, "TIFF", compression="tiff_lzw", exif=exif(orientation))
    else:
        data = encode(image, kind, exif=exif(orientation), quality=95)

    # JPEG, WebP and AVIF lose a little; the quarters are 80 apart.
    assert np.abs(decode(data).astype(int) - UPRIGHT[orientation]).max() <= 20


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_is_turned_alike_from_a_file_and_from_memory(kind: type, tmp_path: Path) -> None:
    """Pillow maps uncompressed files into memory, in a wrong shape if they are turned."""
    numbers = np.arange(16 * 24, dtype=np.uint16).reshape(16, 24).astype(kind)
    data = tiff(numbers * kind(100), extra={ORIENTATION: (SHORT, [6])})
    (tmp_path / "a.tiff").write_bytes(data)
    decoder = FileDecoder(Shape(16, 1, "crop"))

    in_memory, in_file = (
        decoder(each, nullcontext()).pixels for each in (data, str(tmp_path / "a.tiff"))
    )
    np.testing.assert_array_equal(in_memory, in_file)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_size_that_counts_is_that_of_the_upright_picture(kind: str) -> None:
    """A landscape on its side fits a portrait's shape, and is measured so."""
    if kind == "TIFF":
        data = tiff(np.zeros((32, 48), np.uint8), extra={ORIENTATION: (SHORT, [6])})
    else:
        data = encode(Image.new("L", (48, 32)), kind, exif=exif(6))
    portrait = Shape(16, 1, "square", (6, 4))

    assert FileDecoder(portrait)(data, nullcontext()).pixels.shape == (24, 16, 1)
    with pytest.raises(UnfitPictureError, match="32x48"):
        FileDecoder(Shape(16, 1, "square", (4, 6)))(data, nullcontext())


@pytest.mark.parametrize("value", [0, 9, 65535])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_orientation_that_does_not_exist_says_nothing(kind: str, value: int) -> None:
    """Neither an error nor a turn."""
    data = encode(Image.fromarray(LYING), kind, exif=exif(value), quality=95)

    assert np.abs(decode(data).astype(int) - LYING).max() <= 20


def test_other_places_that_png_has_for_it() -> None:
    """XMP, and the text chunk of older programs."""
    xmp, raw = PngImagePlugin.PngInfo(), PngImagePlugin.PngInfo()
    xmp.add_itxt("XML:com.adobe.xmp", '<x:xmpmeta tiff:Orientation="6"/>')
    data = exif(6)
    raw.add_text("Raw profile type exif", f"\nexif\n{len(data)}\n{data.hex()}\n")
    for info in (xmp, raw):
        np.testing.assert_array_equal(
            decode(encode(Image.fromarray(LYING), pnginfo=info)), UPRIGHT[6]
        )
