"""`directions`: named directions in a bundle, which then takes edits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from models.bundle import load_bundle
from tests.service.styled_models import write_styled_bundle
from tests.training.conftest import Run
from training.directions import finding


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "SAMPLED_SEEDS", 200)


def test_directions_are_written_into_a_bundle(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network and its golden seeds stay, the digest is another, and a sheet is beside it."""
    folder = write_styled_bundle(tmp_path)
    before = load_bundle(folder)

    assert run("directions", "--bundle", folder, "--count", 2) == 0

    after = load_bundle(folder)
    names = ["sefa-1", "sefa-2", "pca-1", "pca-2"]
    assert [direction.name for direction in after.card.directions] == names
    assert after.card.takes == ("seed", "psi", "mix", "edit")
    assert after.card.golden == before.card.golden
    assert after.card.weights_sha256 != before.card.weights_sha256
    for name, weight in before.generator.state_dict().items():
        assert torch.equal(weight, after.generator.state_dict()[name])
    with Image.open(tmp_path / "styled-16-directions.png") as sheet:
        assert sheet.height == 4 * 64
    assert after.card.pinned_name in capsys.readouterr().out


def test_the_same_command_again_gives_the_same_bundle(run: Run, tmp_path: Path) -> None:
    """Directions are replaced, not added."""
    folder = write_styled_bundle(tmp_path)
    digests: list[str] = []
    for _ in range(2):
        assert run("directions", "--bundle", folder, "--count", 2) == 0
        digests.append(load_bundle(folder).card.weights_sha256)

    assert digests[0] == digests[1]


def test_a_new_bundle_leaves_the_old_one_as_it_is(run: Run, tmp_path: Path) -> None:
    """With a sheet of another name and seed."""
    folder, out, sheet = write_styled_bundle(tmp_path), tmp_path / "new", tmp_path / "sheet.png"
    before = load_bundle(folder).card
    options = ("--out", out, "--sheet", sheet, "--seed", "ada", "--count", 1)

    assert run("directions", "--bundle", folder, *options) == 0
    assert load_bundle(folder).card == before
    assert len(load_bundle(out).card.directions) == 2
    assert sheet.is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--count", 0), "--count is 1 to 32, not 0"),
        (("--count", 33), "--count is 1 to 32, not 33"),
        (("--seed", str(2**63)), "--seed: a seed that is a number lies from 0"),
        (("--out", "."), "is there already: choose another --out"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[object, ...],
    message: str,
) -> None:
    """Before anything is computed; the bundle stays."""
    folder = write_styled_bundle(tmp_path)
    before = load_bundle(folder).card

    assert run("directions", "--bundle", folder, *options) == 2
    assert message in capsys.readouterr().err
    assert load_bundle(folder).card == before


def test_pictures_are_generated_along_directions(run: Run, tmp_path: Path) -> None:
    """In whatever order edits are named; strength 0 changes nothing, and any other one does."""
    folder = write_styled_bundle(tmp_path)
    assert run("directions", "--bundle", folder, "--count", 2) == 0
    pixels: list[bytes] = []
    for number, edits in enumerate(
        ([], ["pca-1:0"], ["sefa-1:2", "pca-1:-3"], ["pca-1:-3", "sefa-1:2"])
    ):
        out = tmp_path / str(number)
        options = [word for edit in edits for word in ("--edit", edit)]
        assert run("generate", "--bundle", folder, "--seeds", 1, "--out", out, *options) == 0
        pixels.append((out / "1.png").read_bytes())

    plain, unmoved, moved, again = pixels
    assert plain == unmoved
    assert moved == again != plain


def test_a_bundle_stays_where_the_sheet_cannot_be_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its digest is in addresses, so it changes only if all goes well; a new folder is made."""
    folder = write_styled_bundle(tmp_path)
    before = load_bundle(folder).card.weights_sha256
    taken = tmp_path / "file"
    taken.touch()

    assert run("directions", "--bundle", folder, "--count", 1, "--sheet", tmp_path) == 2
    assert "is a folder: name a file" in capsys.readouterr().err
    assert run("directions", "--bundle", folder, "--count", 1, "--sheet", taken / "x.png") == 1
    assert load_bundle(folder).card.weights_sha256 == before

    sheet = tmp_path / "new" / "x.png"
    assert run("directions", "--bundle", folder, "--count", 1, "--sheet", sheet) == 0
    assert sheet.is_file()
