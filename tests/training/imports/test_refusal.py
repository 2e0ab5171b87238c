"""A refused file ends the command with its reason."""

from pathlib import Path

import pytest

from tests.training.conftest import Run
from training.imports.refusal import ImportRefusedError


def test_a_refusal_is_an_error_of_the_user(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with exit code 2, and nothing is written."""
    words = ["--from", "genforce", "--out", tmp_path / "out", "--licence", "MIT", "--origin", "me"]

    assert run("import", tmp_path / "missing.pth", *words, "--threads", 1) == 2

    said = capsys.readouterr().err
    assert said == f"error: {tmp_path / 'missing.pth'} cannot be read: No such file or directory\n"
    assert not (tmp_path / "out").exists()
    assert issubclass(ImportRefusedError, ValueError)
