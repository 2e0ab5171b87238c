"""The application as a whole: what it imports, its routes and their documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


def test_making_an_application_does_no_work(settings: Settings) -> None:
    """Loading begins with the lifespan: no thread runs before."""
    assert isinstance(create_app(settings), FastAPI)


def test_an_application_is_made_without_importing_torch() -> None:
    """That takes seconds; liveness answers before, from the engine's thread it is imported."""
    check = "import sys, service.app; print('torch' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", check],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "False\n"


def test_every_route_of_the_contract_is_documented(client: TestClient) -> None:
    """With its errors as problems."""
    paths = client.get("/openapi.json").json()["paths"]

    assert set(paths) == {
        "/datasets",
        "/generate",
        "/images",
        "/images/{seed}",
        "/interpolate",
        "/models",
        "/models/{name}",
        "/status",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/translate",
        "/verify",
    }
    for path, status in (("/images/{seed}", "422"), ("/models/{name}", "404")):
        content = paths[path]["get"]["responses"][status]["content"]
        assert list(content) == ["application/problem+json"]
