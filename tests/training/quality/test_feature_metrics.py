"""Metrics over features: every number with what it was measured on."""

import numpy as np
import pytest

from training.quality.feature_metrics import measure_features


def cloud(seed: int) -> np.ndarray:
    """Features of 20 pictures."""
    return np.random.default_rng(seed).standard_normal((20, 4)).astype(np.float32)


def test_a_set_is_like_itself() -> None:
    """No distance, all of it covered."""
    metrics = measure_features((cloud(0), cloud(0)), 0, "features at 128 px")

    assert list(metrics) == ["kid", "fd_efficientnet_lite0", "precision", "recall"]
    assert metrics["fd_efficientnet_lite0"]["value"] == pytest.approx(0, abs=1e-5)
    assert (metrics["precision"]["value"], metrics["recall"]["value"]) == (1, 1)


def test_every_number_names_its_features_and_pictures() -> None:
    """And none of them is called FID."""
    metrics = measure_features((cloud(0), cloud(1)), 0, "features at 128 px")

    assert all("features at 128 px" in entry["how"] for entry in metrics.values())
    assert {entry["images"] for entry in metrics.values()} == {20}
    assert "; no FID;" in metrics["fd_efficientnet_lite0"]["how"]
