"""The table of formats for one picture."""

from __future__ import annotations

import isal
import numpy as np
import PIL
import pytest
from PIL import Image

from models.picture import in_colour, in_eight_bits, on_white
from service.media.encoding import ENCODER_VERSION, FORMATS, encode
from tests.service.pictures import FACTS, decoded, opened, painted, psnr


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [4, 8, 64])
def test_every_format_holds_every_picture(name: str, channels: int, size: int) -> None:
    """The file is what its media type says, of the right size, and exact or close."""
    picture = painted(size, channels)

    image = opened(encode(picture, name, FACTS))

    assert Image.MIME[image.format or ""] == FORMATS[name].media_type
    assert image.size == (size, size)
    if FORMATS[name].lossless and channels == 4:
        assert (np.asarray(image.convert("RGBA")) == picture).all()
    elif FORMATS[name].lossless:
        assert (np.asarray(image.convert("RGB")) == in_colour(picture)).all()
    else:
        assert psnr(np.asarray(image.convert("RGB")), in_colour(on_white(picture))) > 25


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_picture_gives_the_same_bytes(name: str) -> None:
    """What an ETag promises: no clock, no chance, no order of facts."""
    backwards = dict(reversed(FACTS.items()))

    assert encode(painted(32), name, FACTS) == encode(painted(32).copy(), name, backwards)


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_tells_seed_model_and_source(name: str) -> None:
    """XMP is in each of them, where an independent reader finds it."""
    xmp = opened(encode(painted(16), name, FACTS)).info["xmp"]

    assert FACTS["seed"].encode() in xmp
    assert FACTS["model"].encode() in xmp
    assert b"trainedAlgorithmicMedia" in xmp


def test_gray_stays_gray_in_jpeg() -> None:
    """One channel goes in, one comes out."""
    assert opened(encode(painted(16, 1), "jpeg", FACTS)).mode == "L"


def test_jpeg_lays_transparency_over_white() -> None:
    """Where nothing is, the paper shows."""
    clear = np.zeros((16, 16, 4), np.uint8)

    assert decoded(encode(clear, "jpeg", FACTS), 3)[0].min() >= 254


@pytest.mark.parametrize("image_format", ["png", "webp", "jpeg"])
def test_noise_is_encoded_too(image_format: str) -> None:
    """The largest file of its size: it needs more than a byte per pixel."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)

    (made,) = decoded(encode(noise, image_format, FACTS), 3)

    assert made.shape == noise.shape


def test_jpeg_is_the_small_one() -> None:
    """Less than half of the lossless formats on a picture with grain."""
    sizes = {name: len(encode(painted(128), name, FACTS)) for name in FORMATS}

    assert sizes["jpeg"] < min(sizes["png"], sizes["webp"]) / 2


def test_an_unknown_format_names_the_known_ones() -> None:
    """The error says what to use."""
    with pytest.raises(ValueError, match="png, webp, jpeg"):
        encode(painted(8), "bmp", FACTS)


def test_the_version_changes_with_the_libraries() -> None:
    """Whoever upgrades an encoder library gets new ETags."""
    assert PIL.__version__ in ENCODER_VERSION
    assert isal.__version__ in ENCODER_VERSION


@pytest.mark.parametrize("image_format", FORMATS)
def test_formats_without_sixteen_bits_hold_the_view_in_eight(image_format: str) -> None:
    """The same file as of that view; PNG holds all bits."""
    deep = np.random.default_rng(0).integers(0, 65536, (16, 24, 1), np.uint16)
    file = encode(deep, image_format, FACTS)

    if FORMATS[image_format].bit_depth == 16:
        assert image_format == "png"
        assert (np.asarray(opened(file)) == deep[..., 0]).all()
    else:
        assert file == encode(in_eight_bits(deep), image_format, FACTS)
