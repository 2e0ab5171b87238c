"""The spectrum of a picture: exact where it can be, and blind to edges."""

from __future__ import annotations

import numpy as np
import pytest

from service.watermark.spectrum import Spectrum, brightness_of, centre_of, without_edges


def test_values_are_those_of_the_fourier_transform() -> None:
    """With the centre as origin; between two values interpolation loses less than a fifth."""
    random = np.random.default_rng(1)
    plane = random.normal(0, 1, (48, 64)).astype(np.float32)
    spectrum = Spectrum(plane)
    down, right = np.mgrid[-24:24, -32:32]

    for frequency in ((10 / 128, -3 / 128), (0.0771, 0.1313)):
        waves = np.exp(-2j * np.pi * (frequency[0] * down + frequency[1] * right))
        wanted = np.sum(plane * waves)
        value = spectrum.at(np.array([frequency]))[0]
        is_exact = frequency[0] * 128 == 10
        assert abs(value - wanted) < (1e-3 if is_exact else 0.2 * np.sqrt(48 * 64))


def test_the_side_is_at_least_twice_the_picture() -> None:
    """And a power of two, also for narrow pictures."""
    assert Spectrum(np.zeros((64, 3), np.float32)).side == 128
    assert Spectrum(np.zeros((3, 65), np.float32)).side == 256


def test_an_edge_is_left_out_and_a_wave_stays() -> None:
    """A step of 200 has less energy than a wave of 2."""
    right = np.arange(128, dtype=np.float32)
    wave = np.tile(2 * np.sin(right * 0.8), (128, 1)).astype(np.float32)
    edge = np.where(right < 50, 0, 200).astype(np.float32) * np.ones((128, 1), np.float32)

    assert np.abs(without_edges(edge)).sum() < 0.05 * np.abs(without_edges(wave)).sum()
    assert np.abs(without_edges(edge + wave)).sum() == pytest.approx(
        np.abs(without_edges(wave)).sum(), rel=0.15
    )


def test_brightness_is_that_of_the_picture_on_white() -> None:
    """Gray as it is, colours weighted, transparency over white."""
    assert brightness_of(np.full((2, 3, 1), 7, np.uint8)).tolist() == [[7.0] * 3] * 2
    assert brightness_of(np.full((1, 1, 3), 100, np.uint8)).item() == pytest.approx(100)
    assert brightness_of(np.zeros((1, 1, 4), np.uint8)).item() == pytest.approx(255)


def test_the_centre_is_the_middle() -> None:
    """Of what is larger; the rest stays."""
    plane = np.arange(20, dtype=np.float32).reshape(4, 5)

    assert centre_of(plane, 2).tolist() == [[6.0, 7.0], [11.0, 12.0]]
    assert np.array_equal(centre_of(plane, 9), plane)
