"""Exports of a run that is not finished."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models.bundle import load_bundle
from models.growth import Growth
from models.picture import pixel_sha256
from models.resolution import level_of
from tests.training.commands.exporting import make, stopped_after
from tests.training.conftest import train_a_run
from tests.training.prepared import write_prepared
from training.config.config import TrainingConfig
from training.data.stream import open_prepared
from training.rendering import render
from training.run_folder.checkpoint import CheckpointError
from training.run_folder.loaded import load_run

pytestmark = pytest.mark.usefixtures("few_seeds")


def test_a_run_without_a_finished_level_of_8_px_is_refused(
    finished: Path, tmp_path: Path, out: Path
) -> None:
    """The message says what it has and how to go on."""
    run = stopped_after(36, finished, tmp_path)

    with pytest.raises(CheckpointError, match=r"has finished 4 px, 8 are the least .* repeat the"):
        make(run, out)

    assert not out.parent.exists()


@pytest.fixture(scope="module")
def three_levels(config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 16 px that came to its end: 24 images at 4 px, then 24 fading and 24 stable each."""
    folder = tmp_path_factory.mktemp("sixteen")
    data = open_prepared(write_prepared(folder / "data", resolution=16))
    network = replace(config.network, resolution=16)
    levels = (*config.levels, replace(config.levels[1], resolution=16))
    return train_a_run(replace(config, network=network, levels=levels), data, folder / "run")


@pytest.mark.parametrize(
    ("images", "resolution", "top"),
    [(72, None, 8), (84, None, 8), (96, None, 16), (120, None, 16), (120, 8, 8), (96, 8, 8)],
)
def test_of_an_unfinished_run_its_highest_finished_resolution_is_exported(
    three_levels: Path, tmp_path: Path, out: Path, images: int, resolution: int | None, top: int
) -> None:
    """Fading levels are left out; the card says so, and its golden seeds are of what is left."""
    run = stopped_after(images, three_levels, tmp_path)

    card = make(run, out, resolution=resolution)

    assert card.network.resolution == card.resolutions[-1] == top
    assert {golden.resolution for golden in card.golden} == set(card.resolutions)
    whole = images == 120 and top == 16
    note = f"{top} of 16 px, {images} of 120 images"
    assert card.training.get("unfinished") == (None if whole else note)
    growth = Growth(level_of(top))
    expected = render(load_run(run).state.average, [0], growth)
    assert (render(load_bundle(out).generator, [0], growth) == expected).all()
    first = next(g for g in card.golden if (g.seed, g.resolution) == (0, top))
    assert first.pixel_sha256 == pixel_sha256(expected)


@pytest.mark.parametrize("resolution", [4, 16, 12, 0, -8])
def test_a_resolution_that_is_not_finished_is_refused(
    three_levels: Path, tmp_path: Path, out: Path, resolution: int
) -> None:
    """The message lists those that are; 4 px alone make no bundle."""
    run = stopped_after(84, three_levels, tmp_path)

    with pytest.raises(CheckpointError, match=r"has finished (4, 8|8) px"):
        make(run, out, resolution=resolution)

    assert not out.parent.exists()


def test_a_damaged_checkpoint_is_named_and_the_one_before_exported(
    finished: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not passed over in silence."""
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    (run / "checkpoints" / "checkpoint-0000000072.safetensors").write_bytes(b"damaged")

    card = make(run, out)

    assert card.training["images_shown"] == 64
    assert "checkpoint-0000000072.safetensors is damaged" in capsys.readouterr().err
