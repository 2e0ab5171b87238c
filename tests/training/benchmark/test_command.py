"""`python -m training benchmark stacked-mnist`."""

from pathlib import Path

import pytest

from tests.training.benchmark.mnist import write_mnist
from training.__main__ import build_parser
from training.config import ConfigError


def run(*words: str) -> int:
    """The command with these words."""
    options = build_parser().parse_args(["benchmark", "stacked-mnist", *words])
    return options.run_command(options)


def test_the_command_ends_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two seeds are played, measured, and shown below the real data; later they are only read."""
    words = [
        *("--mnist", str(write_mnist(tmp_path / "mnist")), "--out", str(tmp_path / "out")),
        *("--images", "128", "--batch-size", "32", "--pictures", "64", "--draws", "2"),
    ]
    assert run(*words, "--seeds", "2") == 0
    first = capsys.readouterr().out
    assert run(*words, "--seeds", "2") == 0
    second = capsys.readouterr().out

    table = first[first.index("Stacked MNIST:") :]
    assert "| real data | - | - | - |" in table
    assert "| k4 | rpgan-r1r2 | 128 | 2 |" in table
    assert second == table

    with pytest.raises(ConfigError, match="was begun as"):
        run(*words, "--gamma", "3")


def test_numbers_below_one_are_refused(tmp_path: Path) -> None:
    """No trial, no table."""
    with pytest.raises(ConfigError, match="must be 1 or more"):
        run("--mnist", str(tmp_path), "--out", str(tmp_path), "--seeds", "0")
