"""Gray pictures of 12 bits, from files of 16 to answers of 16: every number on the way."""

from __future__ import annotations

import base64
import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from models.bundle import load_bundle
from models.families.progan.config import ProganConfig
from models.families.progan.entrance import ProganEntrance
from models.picture import in_colour, in_eight_bits
from models.pixels import from_pixels
from service.app import create_app
from service.batching.recipe import Recipe, point_of
from service.engine.backends.eager import CompiledNetwork
from service.engine.entry_vectors import EntryVectors
from service.engine.rendering import render_network
from service.files import picture_file
from service.media.png import write_png
from service.settings import Settings
from tests.conftest import write_bundle
from tests.training.conftest import QUIET
from training.command_line import build_parser
from training.commands.export import export_run
from training.config.config import TrainingConfig
from training.config.groups import AugmentationConfig, LevelPlan, PenaltyConfig
from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.stream import ImageStream, Prepared, open_prepared
from training.exits import choosing, fitting
from training.run.display import Display
from training.run.loop import train

pytestmark = pytest.mark.timeout(900)

SIZE, TWELVE_BITS = 32, (0.0, 4095.0)
ENTRY = EntryVectors(ProganEntrance(8))
CONFIG = TrainingConfig(
    preset="scans",
    network=ProganConfig(SIZE, 1, latent_size=8, fmap_base=64, fmap_max=8),
    levels=tuple(LevelPlan(r, 4 * (r > 4), 4, 4) for r in (4, 8, 16, 32)),
    penalty=PenaltyConfig(kind="finite-difference"),
    tick_images=8,
    augmentation=AugmentationConfig(mirror=True, policy="color,translation,cutout"),
)


def ramp(number: int) -> NDArray[np.uint16]:
    """A slanted ramp of 12 bits, `[SIZE, SIZE]`, with another slope for each number."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    slanted = x * (number + 1) + y * (12 - number)
    return np.round(slanted / slanted.max() * 4095).astype(np.uint16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve ramps as TIFF and PNG."""
    folder = tmp_path_factory.mktemp("scans")
    (folder / "scans").mkdir()
    for number in range(12):
        ending = ("png", "tiff")[number % 2]
        Image.fromarray(ramp(number)).save(folder / "scans" / f"{number:02d}.{ending}")
    return folder


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Prepared:
    """The same, prepared in 16 bits."""
    options = PrepareOptions(workers=1, bit_depth=16, value_range=TWELVE_BITS)
    prepare(str(folder / "scans"), folder / "data", options, lambda _: None)
    return open_prepared(folder / "data")


@pytest.fixture(scope="module")
def bundle(folder: Path, prepared: Prepared) -> Path:
    """Learned from for a moment, and exported."""
    display = Display(CONFIG.total_images, QUIET)
    train(CONFIG, prepared, folder / "run", torch.device("cpu"), display)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "LINEAR_PICTURES", 16)
        patch.setattr(choosing, "HELD_OUT_SEEDS", range(2_000_000, 2_000_008))
        patch.setattr(choosing, "LEAST_DB", -100.0)
        export_run(
            folder / "run",
            folder / "bundles" / "scans",
            name="scans",
            title="Scans",
            description="",
            replace=False,
            exit_steps=2,
        )
    return folder / "bundles" / "scans"


@pytest.fixture(scope="module")
def client(bundle: Path) -> Iterator[TestClient]:
    """A client of a service with that bundle and a colourful one; watermarks are on."""
    write_bundle(bundle.parent)
    settings = Settings(
        bundles=(bundle.parent,),
        bundles_poll_s=0,
        encoders=1,
        threads=1,
        max_batch=4,
        default_model="scans",
        watermark=True,
        credentials_folder=bundle.parents[1] / "credentials",
    )
    with TestClient(create_app(settings)) as client:
        until = time.monotonic() + 300
        while client.get("/health/ready").status_code != 200 and time.monotonic() < until:
            time.sleep(0.05)
        yield client


def numbers_of(png: bytes) -> NDArray[np.uint16]:
    """The pixels of a PNG of 16 bits, `[H, W]`."""
    with Image.open(io.BytesIO(png)) as image:
        assert image.mode == "I;16"
        return np.asarray(image).astype(np.uint16)


def generate(*words: object) -> None:
    """Run `python -m training generate` with these words."""
    options = build_parser().parse_args(["generate", *map(str, words), "--device", "cpu"])
    assert options.run_command(options) == 0


def digest_of(numbers: NDArray[np.uint16]) -> str:
    """As docs/seeds.md says how to compute it."""
    return hashlib.sha256(numbers.astype(">u2").tobytes()).hexdigest()


def test_numbers_pass_from_the_file_to_the_answer_without_a_change(
    prepared: Prepared, bundle: Path
) -> None:
    """Through the loader and the rounding of the engine, whose network only repeats them."""
    card = load_bundle(bundle).card
    for number, pixels in enumerate(ImageStream(prepared, 0).gather(SIZE, np.arange(12))):
        images = from_pixels(torch.from_numpy(pixels[None]))
        network = CompiledNetwork(
            (),
            (lambda _, images=images: images,),
            (0,),
            (SIZE,),
            torch.device("cpu"),
            "fp32",
        )
        recipe = Recipe(card.pinned_name, point_of(number), SIZE)
        (made,) = render_network(network, ENTRY, [recipe], bit_depth=card.bit_depth)
        png = picture_file(recipe, card, made, "png", None).content

        with av.open(io.BytesIO(png), "r") as container:
            by_another_reader = next(container.decode(video=0)).to_ndarray()
        assert np.array_equal(numbers_of(png), by_another_reader)
        values = np.round(0 + numbers_of(png) / 65535 * 4095)
        assert np.array_equal(values, ramp(number))


def test_a_run_shows_its_pictures_in_eight_bits(bundle: Path) -> None:
    """Grids and the page of the run; its origin knows the values."""
    run = bundle.parents[1] / "run"
    with Image.open(max((run / "samples").iterdir())) as grid:
        assert grid.mode == "L"
    assert (run / "report.html").exists()
    assert '"value_range"' in (run / "data.json").read_text()


def test_the_models_are_told_with_depth_and_range(client: TestClient) -> None:
    """And with golden seeds that were rendered in 16 bits."""
    cards = {card["name"]: card for card in client.get("/models").json()["models"]}

    assert (cards["scans"]["bit_depth"], cards["scans"]["value_range"]) == (16, [0.0, 4095.0])
    assert (cards["tiny-32"]["bit_depth"], cards["tiny-32"]["value_range"]) == (8, None)
    assert cards["scans"]["engine"]["precision"] == "fp32"
    assert cards["scans"]["engine"]["watermark"] == "none"
    assert cards["scans"]["engine"]["golden"]["tried"] == 6


def test_a_picture_has_more_values_than_eight_bits_and_the_same_in_any_company(
    client: TestClient,
) -> None:
    """Alone, beside others as JSON and ZIP, and as a frame of a walk."""
    alone = client.get("/images/7")
    numbers, digest = numbers_of(alone.content), alone.headers["x-pixel-sha256"]
    query = {"seed": ["5", "7", "9"]}
    listed = client.post("/generate", params=query).json()["images"]
    archive = client.post("/generate", params=query, headers={"Accept": "application/zip"})
    walk = client.get("/interpolate", params={**query, "steps": 2, "format": "json"}).json()

    assert len(np.unique(numbers)) > 256
    assert digest == digest_of(numbers)
    assert alone.headers["x-watermark"] == "none"
    assert listed[1]["pixel_sha256"] == digest == walk["frames"][2]["pixel_sha256"]
    assert base64.b64decode(listed[1]["data"]) == alone.content
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert files.read("01-7.png") == alone.content
        assert '"value_high": "4095"' in files.read("facts.json").decode()


def test_sheets_and_animated_pngs_have_sixteen_bits_and_films_do_not(client: TestClient) -> None:
    """The header tells."""
    numbers, query = numbers_of(client.get("/images/7").content), {"seed": ["7", "8"]}
    sheet = client.post("/generate", params=query, headers={"Accept": "image/png"})
    walks = {
        name: client.get("/interpolate", params={**query, "steps": 2, "format": name})
        for name in ("png", "strip", "webp", "gif", "mp4")
    }

    assert np.array_equal(numbers_of(sheet.content)[1 : 1 + SIZE, 1 : 1 + SIZE], numbers)
    depths = {name: answer.headers["x-file-bit-depth"] for name, answer in walks.items()}
    assert depths == {"png": "16", "strip": "16", "webp": "8", "gif": "8", "mp4": "8"}
    assert np.array_equal(numbers_of(walks["png"].content), numbers)
    first = numbers_of(walks["strip"].content)[1 : 1 + SIZE, 1 : 1 + SIZE]
    assert np.array_equal(first, numbers)
    with Image.open(io.BytesIO(walks["webp"].content)) as film:
        view = in_colour(in_eight_bits(numbers[..., None]))
        assert np.array_equal(np.asarray(film.convert("RGB")), view)


def test_a_picture_proves_its_origin(client: TestClient) -> None:
    """Made again, equal in 16 bits; its WebP in 8; and not with values of another range."""
    for name in ("png", "webp"):
        content = client.get("/images/7", params={"format": name}).content
        report = client.post("/verify", content=content).json()
        assert report["remade"]["outcome"] == "equal", report

    pixels = numbers_of(client.get("/images/7").content)[..., None]
    listed = client.post("/generate", params={"seed": ["7", "8"]}).json()["images"]
    forged = write_png(pixels, listed[0]["facts"] | {"value_high": "400"})
    report = client.post("/verify", content=forged).json()
    assert "it states value_high 400, and its model has 4095" in report["remade"]["reason"]


def test_generate_writes_the_same_numbers_without_a_service(
    client: TestClient, bundle: Path, tmp_path: Path
) -> None:
    """Within the rounding of another library: its sums differ in the last bits of float32."""
    for source in (("--bundle", bundle), ("--run", bundle.parents[1] / "run")):
        out = tmp_path / source[0]
        generate(*source, "--seeds", "7", "--out", out)
        with Image.open(out / "7.png") as image:
            assert (image.info["bit_depth"], image.info["value_high"]) == ("16", "4095")
        made = numbers_of((out / "7.png").read_bytes()).astype(int)
        assert np.abs(made - numbers_of(client.get("/images/7").content)).max() <= 4
    generate("--bundle", bundle, "--seeds", "0-3", "--grid", "--out", tmp_path)
    assert numbers_of((tmp_path / "grid.png").read_bytes()).shape == (128, 128)
