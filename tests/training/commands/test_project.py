"""`project`: a picture becomes a point file, from which `generate` makes its nearest picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors
from PIL import Image

from models.bundle import load_bundle
from models.layout import file_sha256
from tests.service.styled_models import write_styled_bundle
from tests.training.conftest import Run
from training.commands.project import GAP

QUICK = ("--candidates", 8, "--starts", 2, "--steps", 4, "--threads", 1, "--device", "cpu")


def pixels_of(path: Path) -> np.ndarray:
    """As they stand in the file."""
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of 16 px with styles and three classes."""
    return write_styled_bundle(tmp_path, classes=3)


@pytest.fixture
def picture(run: Run, bundle: Path, tmp_path: Path) -> Path:
    """A picture of the bundle itself, between two white edges."""
    assert run("generate", "--bundle", bundle, "--seeds", "5", "--out", tmp_path) == 0
    path = tmp_path / "me.png"
    wide = Image.new("RGB", (32, 16), "white")
    with Image.open(tmp_path / "5.png") as image:
        wide.paste(image, (8, 0))
    wide.save(path)
    return path


def test_a_picture_becomes_a_point_and_the_point_a_picture(
    run: Run, bundle: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sheet shows both; `generate` makes the second one, and the file says what it is."""
    out = tmp_path / "points" / "me.safetensors"
    assert run("project", "--bundle", bundle, "--image", picture, "--out", out, *QUICK) == 0
    said = capsys.readouterr().out
    assert run("generate", "--bundle", bundle, "--point", out, "--out", tmp_path / "found") == 0

    sheet = pixels_of(out.with_name("me-projected.png"))
    assert sheet.shape == (16, 32 + GAP, 3)
    assert np.array_equal(sheet[:, :16], pixels_of(tmp_path / "5.png"))
    assert np.array_equal(sheet[:, 16 + GAP :], pixels_of(tmp_path / "found" / "me.png"))
    with safetensors.safe_open(out, "numpy") as file:
        facts = json.loads(file.metadata()["point"])
    card = load_bundle(bundle).card
    assert facts["weights_sha256"] == card.weights_sha256
    assert facts["picture_sha256"] == file_sha256(picture)
    assert (facts["space"], facts["resolution"], facts["seed"]) == ("style", 16, 1)
    assert facts["label"] in card.labels
    assert facts["loss"] == facts["pixel_error"] + facts["feature_distance"]
    assert f"generate --bundle {bundle} --point {out}" in said


def test_the_same_command_again_gives_the_same_bytes(
    run: Run, bundle: Path, picture: Path, tmp_path: Path
) -> None:
    """Another seed of the search gives others."""
    files: list[bytes] = []
    for seed in ("1", "1", "ada"):
        out = tmp_path / "me.safetensors"
        words = ("--out", out, "--seed", seed, "--replace", "--no-features", *QUICK)
        assert run("project", "--bundle", bundle, "--image", picture, *words) == 0
        files.append(out.read_bytes())

    assert files[0] == files[1] != files[2]


def test_a_class_and_a_resolution_can_be_chosen(
    run: Run, bundle: Path, picture: Path, tmp_path: Path
) -> None:
    """A small picture can be projected at a lower resolution."""
    out = tmp_path / "me.safetensors"
    words = ("--out", out, "--label", "class 2", "--resolution", 8, "--no-features", *QUICK)

    assert run("project", "--bundle", bundle, "--image", picture, *words) == 0

    with safetensors.safe_open(out, "numpy") as file:
        facts = json.loads(file.metadata()["point"])
    assert (facts["label"], facts["resolution"], facts["feature_distance"]) == ("class 2", 8, None)
    assert pixels_of(tmp_path / "me-projected.png").shape == (8, 16 + GAP, 3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--out", "me.png"), "the file of a point ends in .safetensors"),
        (("--resolution", 12), "--resolution 12: the model has 4, 8, 16"),
        (("--label", "cat"), "--label cat: the classes are class 0, class 1, class 2"),
        (("--seed", str(2**63)), "--seed: a seed that is a number lies from 0"),
        (("--candidates", 1), "--candidates is 2 to 100,000, not 1"),
        (("--candidates", 8, "--starts", 9), "--starts is 1 to 8, not 9"),
        (("--steps", -1), "--steps is 0 to 100,000, not -1"),
        (("--image", "none.png"), "--image none.png: there is no such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    run: Run,
    bundle: Path,
    picture: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[object, ...],
    message: str,
) -> None:
    """Before anything is computed or written."""
    usual = ("--image", picture, "--out", tmp_path / "me.safetensors")

    assert run("project", "--bundle", bundle, *usual, *words) == 2
    assert message in capsys.readouterr().err
    assert not [*tmp_path.glob("*projected*"), *tmp_path.glob("*.safetensors")]


def test_pictures_that_cannot_be_used_are_refused(
    run: Run, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with the remedy: too small, no picture, values without a range."""
    small, text, deep = (tmp_path / name for name in ("small.png", "text.png", "deep.tiff"))
    Image.new("RGB", (9, 20)).save(small)
    text.write_text("no picture")
    Image.fromarray(np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)).save(deep)

    for path, message in (
        (small, "is too small (9x20, 16 are needed). --resolution 4, 8 need less\n"),
        (text, "text.png is no picture of a known kind\n"),
        (deep, "deep.tiff has floating-point pixels (-1 to 1): save it with 8 bits\n"),
    ):
        assert run("project", "--bundle", bundle, "--image", path, "--out", "a.safetensors") == 2
        assert capsys.readouterr().err.endswith(message)


def test_nothing_is_overwritten_unasked(
    run: Run, bundle: Path, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the point nor the sheet."""
    sheet = tmp_path / "me-projected.png"
    sheet.write_bytes(b"mine")
    out = tmp_path / "me.safetensors"

    assert run("project", "--bundle", bundle, "--image", picture, "--out", out, *QUICK) == 2
    assert f"{sheet} is there already" in capsys.readouterr().err
    assert sheet.read_bytes() == b"mine"
