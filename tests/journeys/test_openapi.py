"""The service keeps what its OpenAPI description promises: schemathesis tries, for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.server import Server, ready_server

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))  # of each route and phase; `make fuzz`: more
SECONDS = 60 + 5 * EXAMPLES
CONFIG = Path(__file__).with_name("schemathesis.toml")
MOST_PICTURES = 64  # of one data set: else a million would be given, and take an hour
KEY = "fuzz"  # as in the configuration
OF_SOME_MODELS = {"label", "psi", "mix"}  # parameters that others refuse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * SECONDS)]


def narrowed(server: Server) -> dict[str, Any]:
    """The description, with the choices that depend on the models that are loaded."""
    schema: dict[str, Any] = server.client.get("/openapi.json").json()
    told = server.client.get("/models", headers={"X-API-Key": KEY}).json()
    (card,) = told["models"]
    names = [card["name"], card["pinned_name"]]
    refused = OF_SOME_MODELS - set(card["takes"])
    choices = {"resolution": card["resolutions"], "model": names, "name": names}
    for operations in schema["paths"].values():
        for operation in operations.values():
            known = operation.get("parameters", [])
            operation["parameters"] = [each for each in known if each["name"] not in refused]
            for parameter in operation["parameters"]:
                if parameter["name"] == "count":
                    parameter["schema"] |= {"maximum": MOST_PICTURES}
                if parameter["name"] in choices:
                    parameter["schema"] = {"enum": choices[parameter["name"]]}
    return schema


def test_every_answer_is_one_that_the_description_promises(bundles: Path, tmp_path: Path) -> None:
    """Valid requests are taken, others refused; no 500, no undocumented status, type or header."""
    description = tmp_path / "openapi.json"
    rate, log = f"{MOST_PICTURES}/second", tmp_path / "log"
    with ready_server(
        bundles, log, api_keys=KEY, interpolation_frames="60", dataset_rate_limit=rate
    ) as server:
        description.write_text(json.dumps(narrowed(server)))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        command += [str(description), "--url", f"http://127.0.0.1:{server.port}", "--checks", "all"]
        command += ["--continue-on-failure", "--request-timeout", str(SECONDS)]
        command += ["--max-examples", str(EXAMPLES)]
        command += [] if "FUZZ_EXAMPLES" in os.environ else ["--seed", "1"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        alive = server.client.get("/health/ready").status_code

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Tested: 13" in run.stdout
    assert alive == 200
    assert '"level": "error"' not in server.text
