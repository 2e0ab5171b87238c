"""Truncated latents. The numbers written here are frozen: if one changes, pictures do."""

from __future__ import annotations

import hashlib
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.latent import latent_of
from models.truncation import truncated_latent

NORMAL = NormalDist()
FROZEN = {  # of seed 7
    0.5: [
        *("-0x1.2c80f80000000p-4", "0x1.f238d80000000p-3"),
        *("-0x1.e257900000000p-2", "0x1.60e3240000000p-2"),
    ],
    0.9545: [
        *("-0x1.1f83f20000000p-3", "0x1.e8dacc0000000p-2"),
        *("-0x1.04dcd40000000p+0", "0x1.6546640000000p-1"),
    ],
}


def test_truncated_latents_are_frozen() -> None:
    """Bit for bit, on every machine and in every release."""
    for psi, expected in FROZEN.items():
        latent = truncated_latent(latent_of(7, 4), psi)
        assert [value.hex() for value in latent.tolist()] == expected
    assert hashlib.sha256(truncated_latent(latent_of(7, 512), 0.7).tobytes()).hexdigest() == (
        "5df84845217235a9c507adb25ce95051020b49f6247115dda707328f38e19024"
    )


@given(st.integers(0, 2**63 - 1), st.floats(0.0, 0.999))
def test_they_follow_the_rule_as_it_is_written(seed: int, psi: float) -> None:
    """By the distribution function itself, whose rounding in the tails is coarser."""
    latent = latent_of(seed, 8)
    shares = [0.5 + psi * (NORMAL.cdf(z) - 0.5) for z in latent.tolist()]

    expected = [NORMAL.inv_cdf(share) for share in shares]

    assert truncated_latent(latent, psi).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("psi", "threshold"), [(0.9545, 2.0), (0.6827, 1.0), (0.3829, 0.5)])
def test_their_distribution_is_that_of_values_drawn_again(psi: float, threshold: float) -> None:
    """Below the threshold that keeps the share psi, and with the same deviation."""
    latent = np.concatenate([latent_of(seed, 512) for seed in range(40)])
    drawn_again = latent[np.abs(latent) < threshold]

    truncated = truncated_latent(latent, psi)

    assert threshold * 0.99 < np.abs(truncated).max() <= threshold * 1.001
    assert truncated.std() == pytest.approx(drawn_again.std(), rel=0.03)
    assert (np.diff(truncated[np.argsort(latent)]) >= 0.0).all()  # the order stays


def test_psi_of_one_changes_nothing_and_psi_of_zero_leaves_no_number() -> None:
    """Not even a sign of 0."""
    latent = latent_of(7, 64)

    assert truncated_latent(latent, 1.0) is latent
    assert truncated_latent(latent, 0.0).tobytes() == bytes(4 * 64)


def test_the_largest_numbers_stay_below_the_threshold_and_finite() -> None:
    """Also those that no seed has, at a psi just below 1."""
    extreme = np.array([8.6, -8.6, 40.0, -40.0, 0.0], np.float32)

    for psi in (1e-300, 0.5, 1.0 - 2.0**-53):
        truncated = truncated_latent(extreme, psi)
        assert np.isfinite(truncated).all()
        assert (truncated[:4] * [1, -1, 1, -1] >= 0.0).all()


@pytest.mark.parametrize("psi", [-0.1, 1.01, float("nan")])
def test_more_than_the_whole_distribution_cannot_be_kept(psi: float) -> None:
    """Nor less than nothing."""
    with pytest.raises(ValueError, match="psi from 0 to 1"):
        truncated_latent(latent_of(7, 4), psi)
