"""A place for a bundle, and fewer seeds to fit exits."""

from pathlib import Path

import pytest

from training.exits import choosing, fitting


@pytest.fixture
def few_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough to fit the exits of a tiny network."""
    monkeypatch.setattr(fitting, "LINEAR_PICTURES", 16)
    monkeypatch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_008))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the bundle goes; not there yet."""
    return tmp_path / "bundles" / "noise-8"
