"""A service around the small engine, as the tests of service/ have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.settings import Settings
from tests.service.painter import Painter, service_with


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a ready service with one model of 4 to 32 px."""
    settings = Settings(bundles=(tmp_path,), encoders=1)
    with service_with(Painter(), settings) as ready:
        yield ready
