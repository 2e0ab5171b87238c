"""The detector: finds its own mark after what pictures meet, and no other one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from models.picture import Pixels
from service.watermark.detector import detect_watermark
from service.watermark.key import watermark_key
from tests.service.watermark.drawings import PREFIX, after, drawing, resized, with_mark

OWN = watermark_key("an own key of the operator")


def turned(pixels: Pixels) -> Pixels:
    """The picture, rotated by one degree."""
    return np.asarray(Image.fromarray(pixels).rotate(1, Image.Resampling.BICUBIC))


ATTACKS: dict[str, Callable[[Pixels], Pixels]] = {
    "nothing": lambda pixels: pixels,
    "jpeg 75": lambda pixels: after(pixels, "jpeg", 75),
    "jpeg 50": lambda pixels: after(pixels, "jpeg", 50),
    "webp 80": lambda pixels: after(pixels, "webp", 80),
    "half the size": lambda pixels: resized(pixels, 128, 128),
    "larger, and not evenly": lambda pixels: resized(pixels, 388, 383),
    "a quarter cut off": lambda pixels: pixels[41:233, 7:199],
    "rotated": turned,
    "darker": lambda pixels: (pixels * 0.8).astype(np.uint8),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_mark_survives(attack: str) -> None:
    """With its whole payload, at a false-positive rate of one in a million."""
    report = detect_watermark(ATTACKS[attack](with_mark(drawing(1))))

    assert report.found
    assert report.p_value < 1e-6
    assert (report.key, report.model_prefix) == ("1", PREFIX)
    assert report.bit_confidence > 0.85


def test_size_and_rotation_are_told() -> None:
    """Relative to the picture that was served."""
    smaller = detect_watermark(resized(with_mark(drawing(2)), 192, 192))
    rotated = detect_watermark(turned(with_mark(drawing(2))))

    assert smaller.scale == pytest.approx(0.75, abs=0.01)
    assert rotated.angle_degrees == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_without_a_mark_or_with_another_key(seed: int) -> None:
    """Nor is anything told about a model."""
    plain = drawing(seed)

    for pixels, keys in ((plain, [watermark_key(), OWN]), (with_mark(plain), [OWN])):
        report = detect_watermark(pixels, keys)
        assert not report.found
        assert report.p_value > 1e-3
        assert (report.key, report.model_prefix, report.scale) == (None, None, None)


def test_the_right_one_of_several_keys_is_named() -> None:
    """An operator tries the own key and the public one."""
    keys = [watermark_key(), OWN]

    assert detect_watermark(with_mark(drawing(3), OWN), keys).key == OWN.name
    assert detect_watermark(with_mark(drawing(3)), keys).key == "1"


def test_gray_transparent_large_and_narrow_pictures() -> None:
    """Each kind that a model can make; of a large one the middle is enough."""
    gray = with_mark(drawing(4)[..., :1])
    alpha = np.full((256, 256, 1), 200, np.uint8)
    transparent = with_mark(np.concatenate([drawing(4), alpha], axis=2))
    large = with_mark(drawing(4, 1100))
    narrow = with_mark(drawing(4, 512)[:, :128])

    for pixels in (gray, transparent, large, narrow):
        assert detect_watermark(pixels).model_prefix == PREFIX


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((39, 4000, 1), np.uint8),
        np.full((300, 200, 4), 255, np.uint8),
        np.zeros((40, 3000, 3), np.uint8),
        np.tile(np.array([[0, 255], [255, 0]], np.uint8), (200, 200))[..., None],
        np.random.default_rng(0).integers(0, 256, (333, 77, 3), np.uint8),
    ],
)
def test_any_picture_is_answered(pixels: Pixels) -> None:
    """Also those without a single difference, with nothing else, or with hardly a pixel."""
    report = detect_watermark(pixels)

    assert not report.found
    assert report.p_value > 1e-3
    assert report.explanation


def test_without_keys_nothing_is_sought() -> None:
    """And the report says so."""
    assert "no key was given" in detect_watermark(with_mark(drawing(1)), []).explanation


def test_what_is_no_picture_is_refused() -> None:
    """As everywhere."""
    with pytest.raises(ValueError, match="a picture is"):
        detect_watermark(np.zeros((64, 64), np.uint8))
