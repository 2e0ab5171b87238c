"""Translations of real pictures: which ones, and how they are shown."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.families.cyclegan.generator import CycleganGenerator
from models.families.stargan.generator import StarganGenerator
from models.growth import Growth
from models.pixels import from_pixels, to_pixels
from tests.training.translating import TINY, TINY_STARGAN, three_domains, two_domains
from training.data.stream import Prepared
from training.quality.translations import (
    domain_pictures,
    grid_rows,
    pictures_of_others,
    sample_pictures,
    translate_from_other,
    translate_pixels,
    write_samples,
)

TOP = Growth(2)


@pytest.fixture
def domains(tmp_path: Path) -> Prepared:
    """Six dark and six light pictures."""
    return two_domains(tmp_path / "data")


@pytest.fixture
def generator() -> CycleganGenerator:
    """An untrained one."""
    torch.manual_seed(0)
    return CycleganGenerator(TINY).eval().requires_grad_(False)


def test_pictures_go_through_the_network_of_their_new_domain(
    domains: Prepared, generator: CycleganGenerator
) -> None:
    """In batches; each as alone, but for the rounding of another batch size to one step of 255."""
    pictures = np.concatenate([np.asarray(domains.images(16))] * 2)
    made = translate_pixels(generator, pictures, 1, TOP)
    for place in (0, 17):
        source = from_pixels(torch.from_numpy(pictures[place : place + 1].copy()))
        alone = to_pixels(generator.translate(source.contiguous(), 1)).numpy()[0]
        assert np.abs(made[place].astype(int) - alone).max() <= 1

    assert made.shape == (24, 16, 16, 3)


def test_sources_are_always_the_same_ones_of_the_other_domain(
    domains: Prepared, generator: CycleganGenerator
) -> None:
    """In a random order; repeated if there are too few."""
    labels = domains.labels()
    assert labels is not None
    assert {*labels[domain_pictures(domains, 1)].tolist()} == {1}
    assert sorted(domain_pictures(domains, 0).tolist()) == [0, 2, 4, 6, 8, 10]
    made = translate_from_other(generator, domains, 0, TOP, 8)
    sources = np.asarray(domains.images(16))[np.resize(domain_pictures(domains, 1), 8)]

    assert np.array_equal(made, translate_pixels(generator, sources, 0, TOP))
    assert np.array_equal(made[:2], made[6:])


def test_the_grid_shows_sources_translations_and_back(
    domains: Prepared, generator: CycleganGenerator, tmp_path: Path
) -> None:
    """Three rows for each direction, of eight pictures."""
    path = write_samples(tmp_path, generator, TOP, 96, domains)
    with Image.open(path) as image:
        assert (path.name, image.size) == ("000000096-0016px.png", (8 * 64, 6 * 64))
        rows = np.asarray(image).reshape(6, 64, 8, 64, 3).mean(axis=(1, 2, 3, 4))

    assert rows[0] > 127 > rows[3]  # light ones become dark, then dark ones light


def test_samples_of_a_translation_are_half_of_each_domain(
    domains: Prepared, generator: CycleganGenerator
) -> None:
    """In the order of the domains."""
    shown = sample_pictures(generator, TOP, domains, range(7))

    assert shown.shape == (7, 16, 16, 3)
    assert np.array_equal(shown[:4], translate_from_other(generator, domains, 0, TOP, 4))


def test_sources_are_those_of_all_other_domains_in_turn(tmp_path: Path) -> None:
    """Each once, and of two domains those of the other one."""
    three, two = three_domains(tmp_path / "3"), two_domains(tmp_path / "2")
    labels = three.labels()
    assert labels is not None
    sources = pictures_of_others(three, 1, 3)

    assert labels[sources].tolist() == [0, 2] * 4
    assert len({*sources.tolist()}) == 8
    assert np.array_equal(pictures_of_others(two, 0, 2), domain_pictures(two, 1))


def test_the_grid_of_three_domains_shows_each_in_both_others(tmp_path: Path) -> None:
    """Sources, two rows of translations, and one of them back; many domains are not all shown."""
    torch.manual_seed(0)
    generator = StarganGenerator(TINY_STARGAN).eval().requires_grad_(False)
    data = three_domains(tmp_path / "data")
    path = write_samples(tmp_path, generator, TOP, 96, data)
    array = np.asarray(data.images(16))
    sources = array[np.resize(domain_pictures(data, 1), 8)]
    with Image.open(path) as image:
        assert image.size == (8 * 64, 12 * 64)
        tiles = np.asarray(image).reshape(12, 16, 4, 8, 16, 4, 3)[:, :, 0, :, :, 0]
    rows = tiles.transpose(0, 2, 1, 3, 4)

    assert grid_rows(3) == [(1, [2, 0]), (2, [0, 1]), (0, [1, 2])]
    assert grid_rows(2) == [(1, [0]), (0, [1])]
    assert len(grid_rows(20)) == 6
    assert np.array_equal(rows[0], sources)
    assert np.array_equal(rows[2], translate_pixels(generator, sources, 0, TOP))
    assert np.array_equal(rows[3], translate_pixels(generator, rows[1], 1, TOP))
