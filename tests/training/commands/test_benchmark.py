"""`python -m training benchmark stacked-mnist`."""

import json
from pathlib import Path

import pytest

from tests.training.benchmark.mnist import write_mnist
from training.command_line import build_parser
from training.config.config import ConfigError


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
    game = "rpgan-r1r2, gamma 0.1, learning rate 0.002 and 0.03, batch 32"
    assert f"| k4 | {game} | 128 | 2 |" in table
    assert second == table

    with pytest.raises(ConfigError, match="was begun as"):
        run(*words, "--gamma", "3")
    with pytest.raises(ConfigError, match="was begun as"):
        run(*words, "--discriminator-rate", "0.02")


def test_a_trial_that_was_measured_otherwise_is_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table states its pictures and draws: every row must be of these."""
    words = [
        *("--mnist", str(write_mnist(tmp_path / "mnist")), "--out", str(tmp_path / "out")),
        *("--images", "64", "--batch-size", "32", "--draws", "1"),
    ]
    result = tmp_path / "out" / "k4-rpgan-r1r2-64-seed0" / "result.json"
    assert run(*words, "--pictures", "32") == 0
    few = json.loads(result.read_text())
    assert run(*words, "--pictures", "640") == 0
    many = json.loads(result.read_text())

    assert (few["pictures"], many["pictures"]) == (32, 640)
    assert many["score"]["modes"] > few["score"]["modes"]
    assert many["seconds"] == few["seconds"]  # nothing was trained again
    assert "left out" not in capsys.readouterr().out

    assert run(*words, "--pictures", "32", "--network", "k2") == 0
    table = capsys.readouterr().out
    assert "1 trials were measured with other pictures or draws: left out" in table
    assert "| k4 |" not in table


def test_numbers_below_one_are_refused(tmp_path: Path) -> None:
    """No trial, no table."""
    words = ("--mnist", str(tmp_path), "--out", str(tmp_path))
    with pytest.raises(ConfigError, match="must be 1 or more"):
        run(*words, "--seeds", "0")
    with pytest.raises(ConfigError, match="--discriminator-rate and --gamma 0 or more"):
        run(*words, "--discriminator-rate", "-1")
