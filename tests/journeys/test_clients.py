"""Clients that others generate from the description, without a warning, and that run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.server import ready_server

pytestmark = pytest.mark.timeout(180)

# What a user of the client would write; it runs in a process of its own, where it can be imported.
USE = """
import sys
from progan_client import Client
from progan_client.api.images import generate, interpolate, reproduce, reproduce_by_query
from progan_client.api.models import list_models, read_model
from progan_client.api.operations import metrics, ready
from progan_client.models import Problem

client = Client(base_url=sys.argv[1])
def content(file): return file.payload.read()

one = content(generate.sync(client=client))
assert one.startswith(bytes([0x89]) + b"PNG"), one[:9]
assert content(generate.sync(client=client, seed=["1", "ada"])).startswith(b"{")
ada = content(reproduce.sync(client=client, seed="ada"))
assert content(reproduce_by_query.sync(client=client, seed="ada")) == ada
assert content(interpolate.sync(client=client, seed=["1", "2"], steps=2)).startswith(b"RIFF")
refused = reproduce.sync(client=client, seed="-1")
assert isinstance(refused, Problem) and refused.status == 422 and refused.request_id
models = list_models.sync(client=client)
assert read_model.sync(client=client, name=models.default).digest == models.models[0].digest
assert ready.sync(client=client).status == "ready"
assert "progan_requests_total" in metrics.sync(client=client)
"""


def generated(command: list[str], folder: Path) -> str:
    """All that a generator says."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it calls ruff
    run = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.slow
def test_a_generated_python_client_has_every_route_and_runs(bundles: Path, tmp_path: Path) -> None:
    """With its defaults, for pictures, walks, JSON and errors."""
    with ready_server(bundles, tmp_path / "log") as server:
        description = tmp_path / "openapi.json"
        description.write_text(server.client.get("/openapi.json").text)
        command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate"]
        command += ["--path", str(description), "--meta", "none"]
        told = generated([*command, "--output-path", "progan_client"], tmp_path)
        address = f"http://127.0.0.1:{server.port}"
        used = generated([sys.executable, "-c", USE, address], tmp_path)

    assert "warning" not in told.lower()
    assert used == ""
    operations = json.loads(description.read_text())["paths"].values()
    names = {each["operationId"] for operation in operations for each in operation.values()}
    files = {path.stem for path in (tmp_path / "progan_client" / "api").glob("*/*.py")}
    assert files - {"__init__"} == names


@pytest.mark.skipif(shutil.which("openapi-typescript") is None, reason="openapi-typescript")
def test_types_for_typescript_are_generated(bundles: Path, tmp_path: Path) -> None:
    """Where that tool is installed."""
    with ready_server(bundles, tmp_path / "log") as server:
        (tmp_path / "openapi.json").write_text(server.client.get("/openapi.json").text)
    told = generated(["openapi-typescript", "openapi.json", "-o", "api.ts"], tmp_path)

    assert "warn" not in told.lower()
    assert "reproduce_by_query" in (tmp_path / "api.ts").read_text()
