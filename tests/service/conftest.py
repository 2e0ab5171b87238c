"""The small engine and the service around it, as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.settings import Settings
from tests.service.painter import Painter, service_with


@pytest.fixture
def painter() -> Painter:
    """An engine with one model, `painter-32`."""
    return Painter()


@pytest.fixture
def client(painter: Painter, settings: Settings) -> Iterator[TestClient]:
    """A client of a ready service with the engine `painter`."""
    with service_with(painter, settings) as ready:
        yield ready
