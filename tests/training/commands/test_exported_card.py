"""The card of an exported run: where the model comes from, and how good it was found."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.training.commands.exporting import make
from training.commands import exported_card
from training.commands.exported_card import quality_at

pytestmark = pytest.mark.usefixtures("few_seeds")


def test_the_card_tells_how_the_model_came_about(finished: Path, out: Path) -> None:
    """Data with its licence and credit, preset, images, time, and where the code stood."""
    card = make(finished, out)

    assert (card.name, card.title, card.description) == ("noise-8", "Noise", "Of nothing")
    assert (card.data.name, card.data.images) == ("noise", 12)
    assert (card.data.attribution, card.licence) == ("Zoë, “nobody”", "CC0-1.0")
    origin = json.loads((finished / "data.json").read_text(encoding="utf-8"))
    assert card.training["data_sha256"] == origin["digest"]
    expected = {"preset": "tiny", "objective": "rpgan-r1r2", "images_shown": 72, "seed": 0}
    assert {k: card.training[k] for k in expected} == expected
    assert card.training["torch"] == torch.__version__
    assert card.training["precision"] == "fp32"


def test_the_card_has_the_quality_of_its_own_checkpoint(
    finished: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of another moment is left out, and this is said."""
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    circumstances = {
        "resolution": 8,
        "generated": {"images": 12, "first_seed": 0},
        "data": {"name": "noise", "pictures": 12, "sha256": "", "trained_on": True},
        "seed": 0,
        "torch": "2",
    }
    metrics = {"swd": {"value": 3.5, "how": "so"}}
    report = {"format_version": 1, "preset": "tiny", "images_shown": 72, "alpha": 1.0}
    report |= {"device": "cpu", "wall_seconds": 1.0, "metrics": metrics, **circumstances}
    path = run / "quality.json"

    path.write_text(json.dumps(report))
    assert make(run, out).quality == {**metrics, "measured": circumstances}

    path.write_text(json.dumps({**report, "images_shown": 64}))
    assert make(run, out, replace=True).quality == {}
    assert "is of 64 images shown, the bundle of 72. `evaluate`" in capsys.readouterr().err


def test_quality_of_another_resolution_is_not_that_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was measured of larger pictures."""
    measured = {"swd": {"value": 1.0}, "measured": {"resolution": 16}}
    monkeypatch.setattr(exported_card, "quality_for_card", lambda *_: measured)

    assert quality_at(tmp_path, 120, 16) == measured
    assert quality_at(tmp_path, 120, 8) == {}
