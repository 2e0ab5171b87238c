"""Translations of real pictures: which ones, and how they are shown."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.families.cyclegan.generator import CycleganGenerator
from models.growth import Growth
from models.pixels import from_pixels, to_pixels
from tests.training.translating import TINY, two_domains
from training.data.stream import Prepared
from training.quality.translations import (
    domain_pictures,
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
