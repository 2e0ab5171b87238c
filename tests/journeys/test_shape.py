"""Pictures that are not square, from a folder of files to an answer of the service."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from models.bundle import load_bundle
from models.families.progan.config import ProganConfig
from service.app import create_app
from service.settings import Settings
from tests.conftest import picture_of
from tests.training.conftest import QUIET
from training.commands.export import export_run
from training.config.config import TrainingConfig
from training.config.groups import AugmentationConfig, LevelPlan, PenaltyConfig
from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.stream import open_prepared
from training.exits import choosing, fitting
from training.run.display import Display
from training.run.loop import train
from training.run.validation import with_base

pytestmark = pytest.mark.timeout(900)

CONFIG = TrainingConfig(
    preset="wide",
    network=ProganConfig(16, latent_size=8, fmap_base=64, fmap_max=8),
    levels=(LevelPlan(4, 0, 4, 4), LevelPlan(8, 4, 4, 4), LevelPlan(16, 4, 4, 4)),
    penalty=PenaltyConfig(kind="finite-difference"),
    tick_images=8,
    augmentation=AugmentationConfig(mirror=True, policy="color,translation,cutout"),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photographs in landscape, prepared, learned from for a moment, and exported."""
    folder = tmp_path_factory.mktemp("wide")
    (folder / "photos").mkdir()
    random = np.random.default_rng(0)
    for number in range(12):
        pixels = random.integers(0, 256, (17, 30, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    options = PrepareOptions(shape=(4, 6), fit="crop", workers=1)
    prepare(str(folder / "photos"), folder / "data", options, lambda _: None)
    prepared = open_prepared(folder / "data")
    config = with_base(CONFIG, prepared)
    display = Display(config.total_images, QUIET)
    train(config, prepared, folder / "run", torch.device("cpu"), display)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "LINEAR_PICTURES", 16)
        patch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_008))
        patch.setattr(choosing, "LEAST_DB", -100.0)
        export_run(
            folder / "run",
            folder / "bundles" / "wide",
            name="wide",
            title="Wide",
            description="",
            replace=False,
            exit_steps=2,
        )
    return folder / "bundles" / "wide"


@pytest.fixture(scope="module")
def client(bundle: Path) -> Iterator[TestClient]:
    """A client of a service with that bundle."""
    settings = Settings(
        bundles=(bundle.parent,),
        bundles_poll_s=0,
        encoders=1,
        threads=1,
        max_batch=4,
        precision="fp32",
    )
    with TestClient(create_app(settings)) as client:
        until = time.monotonic() + 120
        while client.get("/health/ready").status_code != 200 and time.monotonic() < until:
            time.sleep(0.05)
        yield client


def test_a_run_leaves_grids_and_a_page_of_its_shape(bundle: Path) -> None:
    """Eight across, six down, tiles as high as those of squares."""
    run = bundle.parents[1] / "run"
    with Image.open(max((run / "samples").iterdir())) as grid:
        assert grid.size == (8 * 24 * 4, 6 * 16 * 4)
    with Image.open(max((run / "report").glob("0*.webp"))) as small:
        assert small.size == (8 * 24, 6 * 16)
    assert (run / "report.html").exists()


def test_the_bundle_knows_its_shape(bundle: Path) -> None:
    """The card of the network says so, and the exits show it at each resolution."""
    read = load_bundle(bundle)

    assert read.card.network == replace(CONFIG.network, base_width=6)
    assert picture_of(read.generator, 7, 8).shape == (8, 12, 3)


def test_the_service_tells_what_pictures_measure(client: TestClient) -> None:
    """Width and height for each resolution, and a resolution by its one number."""
    card = client.get("/models/wide").json()

    assert card["resolutions"] == [4, 8, 16]
    assert card["sizes"] == [
        {"resolution": r, "width": r * 6 // 4, "height": r} for r in (4, 8, 16)
    ]
    refused = client.get("/images/7", params={"resolution": 24})
    assert refused.status_code == 422
    assert "wide has no 24; it has 4, 8, 16" in refused.text


@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_the_service_gives_the_picture_of_the_bundle(
    client: TestClient, bundle: Path, resolution: int
) -> None:
    """The same as the plain network's, within a step of rounding."""
    answer = client.get("/images/7", params={"resolution": resolution})

    with Image.open(io.BytesIO(answer.content)) as image:
        pixels = np.asarray(image).astype(int)
    expected = picture_of(load_bundle(bundle).generator, 7, resolution).astype(int)
    assert pixels.shape == (resolution, resolution * 6 // 4, 3)
    assert np.abs(pixels - expected).max() <= 1


@pytest.mark.parametrize("image_format", ["webp", "png", "gif", "mp4"])
def test_a_walk_has_the_shape_of_its_pictures(client: TestClient, image_format: str) -> None:
    """As a film, whose sides H.264 wants even; tiny ones are enlarged there."""
    query = {"seed": ["1", "2"], "steps": 2, "resolution": 16, "format": image_format}

    answer = client.get("/interpolate", params=query)

    assert answer.status_code == 200
    if image_format != "mp4":
        with Image.open(io.BytesIO(answer.content)) as film:
            assert film.size == (24, 16)


def test_several_pictures_are_told_in_their_shape(client: TestClient) -> None:
    """As JSON, and side by side on a sheet; a walk as JSON tells it, too."""
    query = {"seed": ["1", "2"], "resolution": 16}
    listed = client.post("/generate", params=query, headers={"Accept": "application/json"})
    sheet = client.post("/generate", params=query, headers={"Accept": "image/png"})
    walk = client.get("/interpolate", params={**query, "steps": 1, "format": "json"}).json()

    assert [(i["width"], i["height"]) for i in listed.json()["images"]] == [(24, 16)] * 2
    with Image.open(io.BytesIO(sheet.content)) as image:
        assert image.size == (2 * 24 + 3, 16 + 2)
    assert (walk["width"], walk["height"]) == (24, 16)
