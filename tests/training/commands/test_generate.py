"""`generate`: files of seeds, of a run or of a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from models.bundle import load_bundle
from models.latent import label_of, latent_of, parse_seed
from models.picture import pixel_sha256
from tests.training.conftest import Run
from training.commands.export import export_run
from training.projection.point_file import PointFacts, write_point


@pytest.fixture(scope="module")
def bundle(finished_with_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of 8 px with three classes."""
    out = tmp_path_factory.mktemp("bundles") / "noise"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.exits.fitting.LINEAR_PICTURES", 16)
        patch.setattr("training.exits.choosing.HELD_OUT_SEEDS", range(2_000_000, 2_000_008))
        export_run(
            finished_with_classes,
            out,
            name="noise",
            title="Noise",
            description="",
            replace=False,
            exit_steps=0,
        )
    return out


def pixels_of(path: Path) -> np.ndarray:
    """As they stand in the file."""
    with Image.open(path) as image:
        return np.asarray(image)


def test_each_seed_of_a_bundle_becomes_a_file(run: Run, bundle: Path, tmp_path: Path) -> None:
    """Its pixels are those of the golden seeds in the card."""
    out = tmp_path / "out"

    assert run("generate", "--bundle", bundle, "--seeds", "0-2,Alan B", "--out", out) == 0

    names = ["0.png", "1.png", "2.png", f"alan-b-{parse_seed('Alan B')}.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    golden = {(g.seed, g.resolution): g.pixel_sha256 for g in load_bundle(bundle).card.golden}
    for seed in range(3):
        assert pixel_sha256([pixels_of(out / f"{seed}.png")]) == golden[seed, 8]


def test_a_run_draws_at_its_finished_resolutions(
    run: Run, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The largest by default."""
    words = ("generate", "--run", finished, "--seeds", "1", "--out")

    assert run(*words, tmp_path / "a") == 0
    assert run(*words, tmp_path / "b", "--resolution", 4, "--format", "webp") == 0
    assert run(*words, tmp_path / "c", "--resolution", 16) == 2

    assert pixels_of(tmp_path / "a" / "1.png").shape == (8, 8, 3)
    assert pixels_of(tmp_path / "b" / "1.webp").shape == (4, 4, 3)
    assert "the run has finished 4, 8 px. Choose one of these" in capsys.readouterr().err


def test_a_grid_is_one_sheet(run: Run, bundle: Path, tmp_path: Path) -> None:
    """About as wide as high; small pictures are enlarged, places left over are white."""
    assert run("generate", "--bundle", bundle, "--seeds", "0-4", "--grid", "--out", tmp_path) == 0

    sheet = pixels_of(tmp_path / "grid.png")
    assert sheet.shape == (128, 192, 3)
    assert (sheet[64:, 128:] == 255).all()


@pytest.mark.parametrize("file_format", ["gif", "webp", "mp4"])
def test_a_walk_is_one_film(run: Run, bundle: Path, tmp_path: Path, file_format: str) -> None:
    """Of all formats."""
    words = ("generate", "--bundle", bundle, "--seeds", "1,2", "--walk", "--steps", 3)

    assert run(*words, "--format", file_format, "--out", tmp_path) == 0

    assert [path.name for path in tmp_path.iterdir()] == [f"walk.{file_format}"]


def test_a_label_is_a_name_or_a_number(run: Run, bundle: Path, tmp_path: Path) -> None:
    """The same class, the same picture; another one, another picture."""
    words = ("generate", "--bundle", bundle, "--seeds", "5", "--label")
    for label, folder in (("class 1", "a"), ("1", "b"), ("class 2", "c")):
        assert run(*words, label, "--out", tmp_path / folder) == 0

    a, b, c = (pixels_of(tmp_path / folder / "5.png") for folder in "abc")
    assert (a == b).all()
    assert not (a == c).all()


def test_nothing_is_overwritten_unasked(
    run: Run, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not one file is written when one of them is there; --replace overwrites."""
    (tmp_path / "2.png").write_bytes(b"mine")
    words = ("generate", "--bundle", bundle, "--seeds", "0-3", "--out", tmp_path)

    assert run(*words) == 2
    assert "2.png is there already (1 of 4 files)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["2.png"]
    assert run(*words, "--replace") == 0
    assert pixels_of(tmp_path / "2.png").shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--seeds", "9-3"), "a range goes up"),
        (("--seeds", "1", "--format", "gif"), "pictures can be png, webp, jpeg"),
        (("--seeds", "1,2", "--walk", "--format", "png"), "a walk can be gif, webp, mp4"),
        (("--seeds", "1", "--walk"), "needs two seeds or more"),
        (("--seeds", "1", "--resolution", "16"), "--resolution 16: the model has 4, 8"),
        (("--seeds", "1", "--label", "cat"), "the classes are class 0, class 1, class 2"),
        (("--seeds", "1", "--label", "3"), "the classes are class 0, class 1, class 2"),
        (("--seeds", "1", "--checkpoint", "best"), "leave it out with --bundle"),
        (("--seeds", "0-5000", "--grid"), "at most 4,096 seeds, not 5,001"),
        (("--seeds", "1", "--steps", "0"), "1 to 240 are possible"),
        (("--seeds", "1", "--psi", "0.7"), "--psi: this model takes seed and label"),
        (("--seeds", "1", "--mix", "ada"), "SEED@RESOLUTION is needed"),
        ((), "name --seeds, or the --point of a bundle"),
        (("--point", "none.safetensors"), "none.safetensors: there is no such file"),
        (("--seeds", "1", "--point", "a/1.safetensors"), "two files would be 1.png"),
    ],
)
def test_what_cannot_be_made_is_refused(
    run: Run,
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    reason: str,
) -> None:
    """With one sentence, before anything is written."""
    assert run("generate", "--bundle", bundle, "--out", tmp_path / "out", *words) == 2

    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_points_are_generated_beside_seeds(run: Run, bundle: Path, tmp_path: Path) -> None:
    """A point that is the latent of a seed has its picture; a walk leads through it."""
    card, out = load_bundle(bundle).card, tmp_path / "out"
    facts = PointFacts(
        model=card.name,
        weights_sha256=card.weights_sha256,
        space="latent",
        label=card.labels[label_of(5, 3)],
        resolution=8,
        loss=0.0,
        pixel_error=0.0,
        feature_distance=None,
        seed=1,
        picture_sha256="0" * 64,
    )
    point = tmp_path / "five.safetensors"
    write_point(point, latent_of(5, card.network.latent_size), facts)
    words = ("generate", "--bundle", bundle, "--out", out, "--point", point)
    assert run("generate", "--bundle", bundle, "--out", out, "--seeds", "5") == 0

    assert run(*words, "--seeds", "4") == 0
    assert run(*words, "--seeds", "4", "--walk", "--steps", 2, "--format", "webp") == 0

    five = pixels_of(out / "5.png")
    assert np.array_equal(pixels_of(out / "five.png"), five)
    with Image.open(out / "walk.webp") as walk:
        frames = [np.asarray(frame) for frame in ImageSequence.Iterator(walk)]
    assert len(frames) == 3
    assert np.array_equal(frames[2], five)


def test_a_run_takes_no_points(
    run: Run, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights change from checkpoint to checkpoint."""
    words = ("--point", "a.safetensors", "--out", tmp_path / "out")

    assert run("generate", "--run", finished, *words) == 2
    assert "--point belongs to a bundle: export the run" in capsys.readouterr().err
