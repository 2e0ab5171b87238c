"""The pictures that a bundle is known by."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.families.cyclegan.generator import CycleganGenerator
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.latent import label_of
from models.picture import thumbnail_of
from models.resolution import level_of
from tests.training.translating import TINY
from training.rendering import grid_of, render
from training.run_folder.golden import golden_of, preview_of


@pytest.fixture
def generator() -> Generator:
    """8 px of random weights, frozen."""
    torch.manual_seed(0)
    config = ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8)
    return Generator(config).eval().requires_grad_(False)


def test_golden_seeds_are_those_that_the_generator_draws(generator: Generator) -> None:
    """Three at the top and one at every other level; digest and thumbnail of raw pixels."""
    golden = golden_of(generator)

    assert [(g.seed, g.resolution) for g in golden] == [(0, 8), (1, 8), (2, 8), (0, 4)]
    for each in golden:
        picture = render(generator, [each.seed], Growth(level_of(each.resolution)))[0]
        assert each.pixel_sha256 == hashlib.sha256(picture.tobytes()).hexdigest()
        assert each.thumbnail == thumbnail_of(picture)


def test_golden_seeds_of_sixteen_bits_are_of_all_their_bits(generator: Generator) -> None:
    """The digest is of big-endian numbers, the thumbnail the same within a step."""
    deep, shallow = golden_of(generator, 16), golden_of(generator)

    for fine, coarse in zip(deep, shallow, strict=True):
        growth = Growth(level_of(fine.resolution))
        picture = render(generator, [fine.seed], growth, bit_depth=16)[0]
        assert picture.dtype == np.uint16
        assert fine.pixel_sha256 == hashlib.sha256(picture.astype(">u2").tobytes()).hexdigest()
        assert fine.pixel_sha256 != coarse.pixel_sha256
        assert np.abs(np.subtract(fine.thumbnail, coarse.thumbnail)).max() <= 1


def test_a_weight_that_changes_changes_the_golden_seeds(generator: Generator) -> None:
    """All of them: stem and exits are on every path."""
    before = golden_of(generator)
    generator.state_dict()["stem.dense.weight"].mul_(-1)

    assert all(one != other for one, other in zip(before, golden_of(generator), strict=True))


def test_the_preview_shows_the_first_seeds_in_rows(generator: Generator) -> None:
    """18 of them, six in a row, enlarged; WebP loses a little."""
    rows = grid_of(render(generator, range(18), Growth(1)), columns=6, smallest_tile=96)

    with Image.open(io.BytesIO(preview_of(generator))) as image:
        shown = np.asarray(image.convert("RGB"), dtype=float)

    assert shown.shape[:2] == (rows.height, rows.width)
    assert np.abs(shown - np.asarray(rows.convert("RGB"), dtype=float)).mean() < 12


def test_the_preview_of_a_translation_is_the_last_grid_of_its_run(tmp_path: Path) -> None:
    """Its golden pictures are translations of noise, which show nothing; they hold all the same."""
    torch.manual_seed(0)
    translation = CycleganGenerator(TINY).eval().requires_grad_(False)
    for name, colour in (("000000008-0016px", "red"), ("000000016-0016px", "blue")):
        Image.new("RGB", (64, 48), colour).save(tmp_path / f"{name}.png")
    with Image.open(io.BytesIO(preview_of(translation, tmp_path))) as preview:
        assert preview.size == (64, 48)
        red, _, blue = np.asarray(preview.convert("RGB")).mean((0, 1))
    domains = [label_of(each.seed, 2) for each in golden_of(translation)[:3]]

    assert red < 20
    assert blue > 200
    assert {*domains} == {0, 1}
    assert preview_of(translation) == preview_of(translation, tmp_path / "nowhere")
