"""The export: a bundle that is proved, or nothing."""

import hashlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

from models.bundle import load_bundle, save_bundle
from models.card import Card
from models.families.progan.generator import Generator
from models.growth import Growth
from models.resolution import level_of
from tests.training.commands.exporting import make
from tests.training.conftest import FullDisk, train_a_run
from training.commands import export
from training.commands.export import ExportError
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.exits import choosing, finishing
from training.exits.distillation_data import ExitError
from training.rendering import render
from training.run_folder.checkpoint import CheckpointError

pytestmark = pytest.mark.usefixtures("few_seeds")


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


# ----------------------------------------------------------------------------------------
# A bundle


def test_the_bundle_loads_as_it_was_told(finished: Path, out: Path) -> None:
    """Strictly, and with the card that the export returned."""
    card = make(finished, out)

    assert load_bundle(out).card == card
    assert sorted(p.name for p in out.iterdir()) == [
        *("card.json", "generator.safetensors", "preview.webp")
    ]
    assert [p.name for p in out.parent.iterdir()] == ["noise-8"]


def test_the_bundle_draws_what_the_average_draws(finished: Path, out: Path) -> None:
    """The averaged generator, not the one in training."""
    make(finished, out)
    path = finished / "checkpoints" / "checkpoint-0000000072.safetensors"
    tensors = safetensors.torch.load_file(path)
    weights = {
        k.removeprefix("average/"): v for k, v in tensors.items() if k.startswith("average/")
    }
    bundle = load_bundle(out)
    average = Generator(bundle.card.network)
    average.load_state_dict(weights)

    ours = render(bundle.generator, range(3), Growth(1))
    assert (ours == render(average, range(3), Growth(1))).all()


def test_the_card_lists_every_resolution_and_its_fidelity(finished: Path, out: Path) -> None:
    """The finished picture has none: the others are compared with it."""
    card = make(finished, out)

    assert card.resolutions == (4, 8)
    assert [e.resolution for e in card.exits] == [4, 8]
    assert [e.psnr_db is None for e in card.exits] == [False, True]


def test_the_preview_is_a_picture(finished: Path, out: Path) -> None:
    """A WebP of 6 by 3 tiles."""
    make(finished, out)

    with Image.open(out / "preview.webp") as image:
        image.load()
        assert (image.format, image.size) == ("WEBP", (6 * 96, 3 * 96))


def test_a_service_under_another_name_can_read_the_bundle(finished: Path, out: Path) -> None:
    """Every file, and the folder."""
    make(finished, out)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (out, *out.iterdir())}
    assert modes == {
        **dict.fromkeys(("card.json", "generator.safetensors", "preview.webp"), 0o644),
        "noise-8": 0o755,
    }


def test_gray_pictures_export_too(
    config: TrainingConfig, tmp_path: Path, gray_pictures: Prepared, out: Path
) -> None:
    """One channel, from grid to preview."""
    gray = replace(config, network=replace(config.network, channels=1))
    run = train_a_run(gray, gray_pictures, tmp_path / "run")

    assert make(run, out).network.channels == 1
    with Image.open(out / "preview.webp") as image:
        assert image.size == (6 * 96, 3 * 96)


@pytest.fixture
def gray_pictures(make_prepared: Callable[..., Prepared]) -> Prepared:
    """Twelve gray pictures."""
    return make_prepared(channels=1)


# ----------------------------------------------------------------------------------------
# What is there already


def test_an_existing_bundle_is_not_touched(finished: Path, out: Path) -> None:
    """Unless --replace says so; refused before any work."""
    make(finished, out)
    before = everything(out.parent)

    with pytest.raises(ExportError, match="is there already: choose another --out, or add --repl"):
        make(finished, out)

    assert everything(out.parent) == before


def test_replace_takes_the_place_of_an_old_bundle(finished: Path, out: Path) -> None:
    """Altogether: nothing of the old one is left, inside or beside it."""
    make(finished, out, name="old")
    (out / "notes.txt").write_text("mine")

    make(finished, out, name="new", replace=True)

    assert load_bundle(out).card.name == "new"
    assert {Path(p).name for p in everything(out.parent)} == {
        *("card.json", "generator.safetensors", "preview.webp")
    }
    assert [p.name for p in out.parent.iterdir()] == ["noise-8"]


def test_kept_exits_give_the_same_weights_under_another_card(
    finished: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is fitted; digest, golden seeds and what the exits took are as they were."""
    first = make(finished, out, name="old")
    monkeypatch.setattr(finishing, "fit_exits", None)

    second = make(finished, out, name="new", replace=True, keep=True, exit_steps=7)

    assert second == replace(first, name="new")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_replace_never_deletes_what_is_no_bundle(finished: Path, out: Path, kind: str) -> None:
    """A slip of the hand must not cost a folder of pictures."""
    out.parent.mkdir()
    if kind == "folder":
        out.mkdir()
        (out / "holiday.jpg").write_bytes(b"irreplaceable")
    else:
        out.write_bytes(b"irreplaceable")
    before = everything(out.parent)

    with pytest.raises(ExportError, match="is no bundle, so nothing replaces it"):
        make(finished, out, replace=True)

    assert everything(out.parent) == before


# ----------------------------------------------------------------------------------------
# What cannot be exported


def test_a_name_that_no_client_could_use_is_refused_before_any_work(
    finished: Path, out: Path
) -> None:
    """The message says what a name may be."""
    with pytest.raises(ExportError, match="model name 'My Noise': give --name 1 to 64 lower-case"):
        make(finished, out, name="My Noise")

    assert not out.parent.exists()


def test_no_run_is_nothing_to_export(tmp_path: Path, out: Path) -> None:
    """Nor one without a checkpoint."""
    with pytest.raises(CheckpointError, match="holds no checkpoint: train it first"):
        make(tmp_path / "nowhere", out)


# ----------------------------------------------------------------------------------------
# What goes wrong on the way


def test_exits_that_show_nothing_are_not_exported(
    finished: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what was reached; nothing appears."""
    monkeypatch.setattr(choosing, "LEAST_DB", 200.0)

    with pytest.raises(ExitError, match="the best exit at 4 px shows the finished picture with"):
        make(finished, out)
    assert not out.exists()


def save_other_weights(folder: Path, generator: Generator, card: Card, preview: bytes) -> Card:
    """Write a bundle that is whole, but draws other pictures than were meant."""
    torch.manual_seed(1)
    other = Generator(generator.config, generator.exit_shapes)
    return save_bundle(folder, other, card, preview)


def save_half(folder: Path, generator: Generator, card: Card, preview: bytes) -> Card:
    """Write a bundle whose weights are cut afterwards."""
    card = save_bundle(folder, generator, card, preview)
    path = folder / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    return card


@pytest.fixture(params=["nothing", "a bundle"])
def before(request: pytest.FixtureRequest, finished: Path, out: Path) -> Iterator[None]:
    """Whatever was there when an export fails is there afterwards, and nothing else."""
    if request.param == "a bundle":
        make(finished, out, name="old")
    kept = everything(out.parent)
    yield
    assert everything(out.parent) == kept
    assert [p.name for p in out.parent.iterdir()] == [out.name] * bool(kept)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(
    ("save", "message"),
    [
        (save_other_weights, "gives another picture for seed 0 at 8 px than the run: nothing was"),
        (save_half, "truncated or changed"),
    ],
)
def test_a_bundle_that_fails_its_proof_never_appears(
    finished: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    save: Callable[..., Card],
    message: str,
) -> None:
    """Neither it nor its half-written folder; an old one serves on."""
    monkeypatch.setattr(export, "save_bundle", save)

    with pytest.raises(ValueError, match=message):
        make(finished, out, replace=True)


@pytest.mark.usefixtures("before")
def test_a_full_disk_leaves_everything_as_it_was(
    finished: Path, out: Path, full_disk: FullDisk
) -> None:
    """It is an error of the system, like any full disk."""
    with full_disk(1_000), pytest.raises(OSError, match="File too large"):
        make(finished, out, replace=True)


def test_a_model_with_classes_is_exported_with_their_names(
    finished_with_classes: Path, out: Path
) -> None:
    """Golden seeds bring their own classes, and are proved with them."""
    card = make(finished_with_classes, out)
    bundle = load_bundle(out)

    assert card.labels == ("class 0", "class 1", "class 2")
    assert (card.network.classes, card.training["labels"]) == (3, "projection")
    for golden in card.golden:
        growth = Growth(level_of(golden.resolution))
        picture = render(bundle.generator, [golden.seed], growth)[0]
        assert hashlib.sha256(picture.tobytes()).hexdigest() == golden.pixel_sha256
