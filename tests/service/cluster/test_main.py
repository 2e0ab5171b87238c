"""`python -m service.cluster`: faults that end it before Ray starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE_S = 300


def ended(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command, which ends by itself."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PROGAN_", "RAY_"))}
    values = {"CREDENTIALS_FOLDER": str(folder), "PORT": "0"} | settings
    return subprocess.run(
        [sys.executable, "-m", "service.cluster"],
        cwd=ROOT,
        env=kept | {f"PROGAN_{name}": value for name, value in values.items()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"MIN_REPLICAS": "2", "MAX_REPLICAS": "1"}, "write 2 or more: PROGAN_MIN_REPLICAS is 2"),
        ({"OPERATIONS_PORT": "9"}, "PROGAN_OPERATIONS_PORT: replicas on one machine would share"),
        ({"CREDENTIALS_KEY": "/no/key"}, "PROGAN_CREDENTIALS_"),
    ],
)
def test_a_fault_ends_it_with_code_2_and_a_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    """No replica is started to find it."""
    result = ended(tmp_path, **settings)

    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Ray would start another server on another port, or none."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = ended(tmp_path, PORT=str(taken.getsockname()[1]))

    assert result.returncode == 2
    assert "is taken" in result.stderr
