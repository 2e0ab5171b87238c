"""Pictures of every kind in, square pixels out."""

import io
import struct
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from training.data.decode import FileDecoder
from training.data.shape import Fit, Shape, UnfitPictureError, largest_within

RED = (200, 30, 40)


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decode(data: bytes, channels: int = 3, resolution: int = 8, fit: Fit = "square") -> np.ndarray:
    """A file as pixels."""
    return FileDecoder(Shape(resolution, channels, fit))(data, nullcontext()).pixels


def flat(mode: str, colour: Any, size: tuple[int, int] = (8, 8)) -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, size, colour)


def halves(size: int = 16) -> Image.Image:
    """Left half black, right half white."""
    image = Image.new("L", (size, size))
    image.paste(255, (size // 2, 0, size, size))
    return image


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encode(flat("RGB", RED)), RED),
        (encode(flat("L", 77)), (77, 77, 77)),
        (encode(flat("1", 1)), (255, 255, 255)),
        (encode(flat("RGB", RED).quantize(4)), RED),
        (encode(flat("RGBA", (*RED, 255))), RED),
        (encode(flat("RGBA", (0, 0, 0, 0))), (255, 255, 255)),
        (encode(flat("RGBA", (0, 0, 0, 51))), (204, 204, 204)),
        (encode(flat("LA", (0, 51))), (204, 204, 204)),
        (encode(flat("I;16", 65535)), (255, 255, 255)),
        (encode(flat("I;16", 257 * 100)), (100, 100, 100)),
        (encode(flat("CMYK", (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
        (encode(flat("RGB", RED), "BMP"), RED),
        (encode(flat("RGB", RED), "WEBP", lossless=True), RED),
        (encode(flat("P", 0), "GIF", transparency=0), (255, 255, 255)),
    ],
    ids=[
        "rgb",
        "gray",
        "bilevel",
        "palette",
        "opaque",
        "transparent",
        "translucent",
        "gray-alpha",
        "deep",
        "deep-100",
        "cmyk",
        "bmp",
        "webp",
        "transparent-gif",
    ],
)
def test_every_kind_of_pixel_becomes_rgb(data: bytes, expected: tuple[int, int, int]) -> None:
    """Gray is repeated, 16 bits become 8, transparency is laid on white."""
    pixels = decode(data)

    assert pixels.shape == (8, 8, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.broadcast_to(expected, (8, 8, 3)))


def test_cmyk_jpegs_become_rgb() -> None:
    """A JPEG as printers make it is near the colour it was made from."""
    pixels = decode(encode(flat("CMYK", (0, 255, 255, 0)), "JPEG", quality=95))

    assert np.abs(pixels.astype(int) - (255, 0, 0)).max() < 12


def test_transparency_is_kept_where_four_channels_are_wanted() -> None:
    """RGBA stays as it is; an opaque picture gets full opacity."""
    kept = decode(encode(flat("RGBA", (*RED, 51))), channels=4)
    opaque = decode(encode(flat("RGB", RED)), channels=4)

    assert kept[0, 0].tolist() == [*RED, 51]
    assert opaque[0, 0].tolist() == [*RED, 255]


def test_colour_becomes_gray_where_one_channel_is_wanted() -> None:
    """Luma by ITU-R 601-2."""
    pixels = decode(encode(flat("RGB", RED)), channels=1)

    assert pixels.shape == (8, 8, 1)
    assert int(pixels[0, 0, 0]) == round((200 * 299 + 30 * 587 + 40 * 114) / 1000)


def test_a_larger_picture_is_reduced_without_aliasing() -> None:
    """Stripes of one pixel become their mean, not one of their colours."""
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 200
    pixels = decode(encode(Image.fromarray(stripes)), channels=1)

    assert np.abs(pixels.astype(int) - 100).max() <= 2


def test_the_camera_was_held_sideways() -> None:
    """The EXIF orientation is applied."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise: left becomes top
    turned = decode(encode(halves(), "PNG", exif=exif), channels=1)

    assert turned[0].max() < 10
    assert turned[-1].min() > 245


def test_an_animation_gives_its_first_frame() -> None:
    """Later frames are not looked at."""
    frames = [flat("RGB", RED), flat("RGB", (0, 0, 255))]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    assert decode(data)[0, 0].tolist() == list(RED)


def test_a_picture_that_is_not_square_is_refused_or_cropped() -> None:
    """`crop` takes the middle; without it the message names the size and the way out."""
    wide = flat("L", 0, (32, 8))
    wide.paste(255, (12, 0, 20, 8))

    assert decode(encode(wide), channels=1, fit="crop").min() == 255
    with pytest.raises(UnfitPictureError, match=r"not square \(32x8\).*--fit crop"):
        decode(encode(wide))


@pytest.mark.parametrize("fit", ["square", "crop"])
def test_a_picture_below_the_resolution_is_refused(fit: Fit) -> None:
    """Nothing is ever enlarged."""
    with pytest.raises(UnfitPictureError, match=r"too small \(7x7, 8 are needed\)"):
        decode(encode(flat("L", 0, (7, 7))), fit=fit)


def test_exact_refuses_what_would_have_to_be_reduced() -> None:
    """Only pictures of just the resolution pass."""
    assert decode(encode(flat("L", 9)), fit="exact").shape == (8, 8, 3)
    with pytest.raises(UnfitPictureError, match="is 16x16, not 8x8"):
        decode(encode(halves()), fit="exact")


def test_floating_point_pixels_are_refused() -> None:
    """Their range is unknown."""
    with pytest.raises(UnfitPictureError, match="floating-point"):
        decode(encode(flat("F", 0.5), "TIFF"))


@pytest.mark.parametrize("side", [20_000, 9_500])
def test_a_decompression_bomb_is_refused_by_its_head(side: int) -> None:
    """A few bytes that promise hundreds of millions of pixels are never decoded."""

    def piece(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = piece(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + piece(b"IDAT", b"") + piece(b"IEND", b"")
    with pytest.raises(UnfitPictureError, match="more than 90,000,000 pixels"):
        decode(bomb)


def test_a_picture_too_large_to_unpack_is_refused_unless_a_fraction_of_it_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A large JPEG is decoded at an eighth; a PNG or a progressive JPEG cannot be."""
    monkeypatch.setattr("training.data.decode.MAX_UNPACKED", 5000)
    large = flat("L", 90, (256, 256))

    assert decode(encode(large, "JPEG")).shape == (8, 8, 3)
    for data in (encode(large), encode(large, "JPEG", progressive=True)):
        with pytest.raises(UnfitPictureError, match=r"too large \(65,536 pixels"):
            decode(data)


def test_a_truncated_picture_raises() -> None:
    """Half a picture is none."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    with pytest.raises(OSError, match="truncated"):
        decode(encode(Image.fromarray(noise))[:-200])


def test_only_large_pictures_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The turn is taken above the limit of pixels, and not below."""
    taken: list[int] = []

    class Turn:
        def __enter__(self) -> None:
            taken.append(1)

        def __exit__(self, *args: object) -> None:
            taken.append(-1)

    decoder = FileDecoder(Shape(8, 3))
    decoder(encode(halves()), Turn())
    assert taken == []
    monkeypatch.setattr("training.data.decode.CROWD_PIXELS", 100)
    decoder(encode(halves()), Turn())

    assert taken == [1, -1]


def test_a_large_png_waits_its_turn_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """To ask a PNG how it was held decodes it: that happens within the turn, or not at all."""
    happened: list[str] = []
    load = ImageFile.ImageFile.load

    def spied(image: ImageFile.ImageFile) -> Any:
        happened.append("decoded")
        return load(image)

    class Turn:
        def __enter__(self) -> None:
            happened.append("turn")

        def __exit__(self, *args: object) -> None:
            happened.append("over")

    monkeypatch.setattr(ImageFile.ImageFile, "load", spied)
    monkeypatch.setattr("training.data.decode.CROWD_PIXELS", 100)
    FileDecoder(Shape(8, 3))(encode(halves()), Turn())
    assert (happened[0], happened[1], happened[-1]) == ("turn", "decoded", "over")

    happened.clear()
    monkeypatch.setattr("training.data.decode.MAX_UNPACKED", 200)
    with pytest.raises(UnfitPictureError, match=r"is too large \(256 pixels, at most 200\)"):
        FileDecoder(Shape(8, 3))(encode(halves()), Turn())
    assert happened == []


def test_a_path_is_decoded_like_the_bytes_it_leads_to(tmp_path: Path) -> None:
    """Files and members of zips give the same pixels."""
    (tmp_path / "a.png").write_bytes(encode(halves()))
    from_path = FileDecoder(Shape(8, 1))(str(tmp_path / "a.png"), nullcontext()).pixels

    np.testing.assert_array_equal(from_path, decode(encode(halves()), channels=1))


def wide_pixels(image: Image.Image, fit: Fit = "crop", **options: Any) -> np.ndarray:
    """A picture brought into 8 rows of 12 pixels."""
    file = encode(image, "JPEG" if "exif" in options else "PNG", **options)
    return FileDecoder(Shape(8, 1, fit, (4, 6)))(file, nullcontext()).pixels


@pytest.mark.parametrize("size", [(24, 30), (60, 16), (24, 16), (12, 8), (13, 8)])
def test_the_middle_of_the_wanted_proportions_is_taken(size: tuple[int, int]) -> None:
    """Left half black, right half white: so it stays, and nothing is squeezed."""
    image = Image.new("L", size)
    image.paste(255, (size[0] // 2, 0, *size))

    pixels = wide_pixels(image)

    assert pixels.shape == (8, 12, 1)
    assert (pixels[:, :4] < 10).all()
    assert (pixels[:, 8:] > 245).all()


def test_a_picture_held_sideways_is_measured_upright() -> None:
    """16x24 in the file, 24x16 to the eye."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    lying = Image.new("L", (16, 24))
    lying.paste(255, (0, 0, 16, 12))  # above in the file, to the right when turned

    pixels = wide_pixels(lying, "square", exif=exif, quality=100)

    assert pixels.shape == (8, 12, 1)
    assert pixels[:, 8:].mean() > 240
    assert pixels[:, :4].mean() < 15


@pytest.mark.parametrize(
    ("size", "fit", "reason"),
    [
        ((16, 16), "square", r"is not 6 wide to 4 high \(16x16\); --fit crop"),
        ((24, 16), "exact", "is 24x16, not 12x8"),
        ((8, 40), "crop", r"is too small \(8x40, 12x8 are needed\)"),
    ],
)
def test_what_does_not_fit_a_shape_is_refused(size: tuple[int, int], fit: Fit, reason: str) -> None:
    """With its size, what was wanted, and what to do."""
    with pytest.raises(UnfitPictureError, match=reason):
        wide_pixels(Image.new("L", size), fit)


def test_the_largest_resolution_leaves_room_for_both_sides() -> None:
    """Of a base of 4 by 6, 200 pixels across hold 133."""
    assert largest_within((200, 200), (4, 4)) == 200
    assert largest_within((200, 200), (4, 6)) == 133
    assert largest_within((200, 100), (6, 4)) == 100
