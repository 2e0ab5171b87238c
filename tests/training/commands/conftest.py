"""A place for a bundle."""

from pathlib import Path

import pytest


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the bundle goes; not there yet."""
    return tmp_path / "bundles" / "noise-8"
