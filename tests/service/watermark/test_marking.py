"""A picture with a watermark: invisible, and computed alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from service.watermark.key import watermark_key
from service.watermark.marking import FLAT, STRONGEST, marked, strength_of
from service.watermark.pattern import pattern_of

KEY = watermark_key()


def rounded(picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """The values in steps of 255, as `models.pixels.to_pixels` rounds them."""
    return ((picture.astype(np.float64) + 1) * 127.5).round().clip(0, 255)


def psnr(picture: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Peak signal-to-noise ratio in dB."""
    return float(10 * np.log10(255**2 / np.mean((rounded(picture) - rounded(other)) ** 2)))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("height", [128, 201])
def test_a_mark_changes_little(channels: int, height: int) -> None:
    """At least 42 dB on noise, where it is strongest; gray, colour and transparent pictures."""
    random = np.random.default_rng(1)
    picture = random.uniform(-1.1, 1.1, (channels, height, 256)).astype(np.float32)
    pattern = pattern_of(KEY, "a6164dfb", height, 256)

    changed = marked(picture, pattern)

    assert changed.shape == picture.shape
    assert changed.dtype == np.float32
    assert 42 <= psnr(changed, np.clip(picture, -1, 1)) < 46


def test_transparency_stays() -> None:
    """Only colours are marked."""
    picture = np.zeros((4, 128, 128), np.float32)

    changed = marked(picture, pattern_of(KEY, "a6164dfb", 128, 128))

    assert np.array_equal(changed[3], picture[3])
    assert np.array_equal(changed[0], changed[2])
    assert changed[0].any()


def test_flat_colours_are_marked_least() -> None:
    """There the eye would find it; beside an edge and in noise it is stronger."""
    flat = np.full((3, 128, 128), 0.1, np.float32)
    edge = flat.copy()
    edge[:, :, 64:] = 0.5
    noise = np.random.default_rng(1).uniform(-1, 1, (1, 128, 128)).astype(np.float32)

    assert np.all(strength_of(flat) == np.float32(FLAT))
    assert strength_of(edge)[64, 64] > FLAT
    assert strength_of(edge)[64, 30] == np.float32(FLAT)
    assert strength_of(noise).min() > FLAT
    assert strength_of(noise).max() == STRONGEST
    assert psnr(marked(flat, pattern_of(KEY, "a6164dfb", 128, 128)), flat) > 47


def test_the_picture_that_is_given_stays() -> None:
    """It may belong to the network."""
    picture = np.full((3, 128, 128), 2.0, np.float32)

    marked(picture, pattern_of(KEY, "a6164dfb", 128, 128))

    assert np.all(picture == 2.0)
