"""`python -m training benchmark parts`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from training.data.stream import Prepared


def test_networks_stand_below_real_data(
    run: Callable[..., int],
    finished: Path,
    patterns: Prepared,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A run at two resolutions, of which the smaller one decides what the reader sees."""
    words = ["benchmark", "parts", "--data", patterns.folder, "--run", finished]
    words += ["--resolution", 8, "--out", tmp_path / "out", "--threads", 1]
    assert run(*words) == 0
    first = capsys.readouterr().out
    assert run(*words) == 0
    assert capsys.readouterr().out == first

    assert "parts read at 8 px" in first
    rows = json.loads((tmp_path / "out" / "parts.json").read_text())["rows"]
    assert rows[0]["name"] == "real data, held out"
    last = rows[-1]
    assert (last["name"], last["resolution"], last["images_shown"]) == (finished.name, 8, 72)
    assert last["score"]["pictures"] == 25


def test_a_network_of_other_pictures_is_refused(
    run: Callable[..., int],
    finished: Path,
    prepared: Prepared,
    make_prepared: Callable[..., Prepared],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """So are data whose parts nobody knows, and a resolution that the run lacks."""
    gray = make_prepared(channels=1, classes=2)
    words = ["benchmark", "parts", "--run", finished, "--out", tmp_path / "out"]

    assert run(*words, "--data", gray.folder) == 2
    assert "give the data that it was trained on" in capsys.readouterr().err
    assert run(*words, "--data", prepared.folder) == 2
    assert "a reader of parts needs 120" in capsys.readouterr().err
    assert run(*words, "--data", prepared.folder, "--resolution", 64) == 2
    assert "--resolution 64" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
