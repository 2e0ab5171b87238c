"""The pattern of a watermark, frozen with its version."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from service.watermark.key import PUBLIC_KEY, watermark_key
from service.watermark.pattern import HIGHEST, LOWEST, TILE, carriers_of, pattern_of, tile_of

OWN = "an own key of the operator"


@pytest.mark.parametrize(
    ("text", "prefix", "height", "width", "digest"),
    [
        (PUBLIC_KEY, "00000000", 128, 128, "6abb33d15e2f06d4"),
        (PUBLIC_KEY, "a6164dfb", 256, 192, "6b037958a9a4a040"),
        (OWN, "a6164dfb", 128, 128, "ed8fd237fc5a5db3"),
    ],
)
def test_version_1_is_frozen(text: str, prefix: str, height: int, width: int, digest: str) -> None:
    """Another pattern is another version: pictures of today are to be found for ever."""
    pattern = pattern_of(watermark_key(text), prefix, height, width)

    assert pattern.shape == (height, width)
    assert hashlib.sha256(pattern.astype("<f4").tobytes()).hexdigest()[:16] == digest


def test_a_tile_is_even_and_without_peaks() -> None:
    """No brightness is added, the strength is 1, and no pixel stands out."""
    tile = tile_of(watermark_key(), "a6164dfb")

    assert abs(tile.mean()) < 0.01
    assert np.sqrt(np.mean(tile**2)) == pytest.approx(1.0, abs=0.001)
    assert np.abs(tile).max() < 2.2


def test_the_energy_of_a_tile_lies_in_its_band() -> None:
    """Below, pictures have most of their energy; above, a smaller picture has none."""
    energy = np.abs(np.fft.fft2(tile_of(watermark_key(), "a6164dfb"))) ** 2
    down, right = np.meshgrid(*[np.fft.fftfreq(TILE, 1 / TILE)] * 2, indexing="ij")
    radius = np.hypot(down, right)

    assert energy[(radius >= LOWEST) & (radius <= HIGHEST)].sum() > 0.95 * energy.sum()


def test_the_pattern_repeats_its_tile() -> None:
    """From the first pixel on; sides need not be multiples of it."""
    pattern = pattern_of(watermark_key(), "a6164dfb", 300, 200)

    assert np.array_equal(pattern[:128, :128], tile_of(watermark_key(), "a6164dfb"))
    assert np.array_equal(pattern[128:256], pattern[:128])
    assert np.array_equal(pattern[:, 128:], pattern[:, :72])


def test_pilots_depend_on_the_key_alone_and_no_frequency_is_used_twice() -> None:
    """So that a mark is located before its payload is known."""
    ours, theirs = carriers_of(watermark_key()), carriers_of(watermark_key(OWN))
    used = {tuple(place) for place in [*ours.pilots.tolist(), *ours.bearers.tolist()]}

    assert len(used) == len(ours.pilots) + len(ours.bearers)
    assert not {(-down, -right) for down, right in used} & used
    assert ours.pilots.tolist() != theirs.pilots.tolist()
