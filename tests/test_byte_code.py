"""Byte code that is written before pytest imports a file is what pytest would have written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.byte_code import compiled_of, files_of, write_share

TESTS = Path(__file__).parent


@pytest.fixture
def copies(tmp_path: Path) -> list[Path]:
    """Three test files without byte code."""
    for name in ("test_house.py", "test_structure.py", "test_fork_server.py"):
        (tmp_path / name).write_bytes((TESTS / name).read_bytes())
    return files_of([str(tmp_path)])


def test_each_process_writes_its_share_and_all_of_them_everything(
    copies: list[Path],
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """And none of it twice."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(pytestconfig, "args", [f"{tmp_path}", f"{copies[0]}::test_one"])

    write_share(pytestconfig, 0, 2)
    assert [compiled_of(copy).exists() for copy in copies] == [True, False, True]
    written = compiled_of(copies[0]).stat().st_mtime_ns
    write_share(pytestconfig, 1, 2)
    write_share(pytestconfig, 0, 2)

    assert [compiled_of(copy).exists() for copy in copies] == [True, True, True]
    assert compiled_of(copies[0]).stat().st_mtime_ns == written


def test_pytest_takes_what_was_written(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its own import of the file writes no other byte code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    source = tmp_path / "test_sum.py"
    source.write_text("def test_sum() -> None:\n    assert 1 + 1 == 2\n")
    monkeypatch.setattr(pytestconfig, "args", [str(tmp_path)])
    write_share(pytestconfig, 0, 1)
    before = compiled_of(source).stat().st_mtime_ns

    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), source]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    environment.pop("PYTHONPYCACHEPREFIX", None)
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert compiled_of(source).stat().st_mtime_ns == before
