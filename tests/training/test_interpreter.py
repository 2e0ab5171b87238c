"""The Python of lines to paste: the one that runs, by the shortest word that starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.interpreter import python_command


def test_a_python_below_the_working_directory_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a checkout whose .venv is not activated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))

    assert python_command() == ".venv/bin/python"


def test_an_activated_python_is_named_as_the_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its folder stands first in PATH."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)

    assert python_command() == "python"


def test_the_command_starts_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any directory, whatever the name."""
    monkeypatch.chdir(tmp_path)
    asked = [python_command(), "-c", "import sys; print(sys.prefix)"]

    assert subprocess.check_output(asked, text=True).strip() == sys.prefix
