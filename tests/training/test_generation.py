"""Pictures of seeds without a service: the same as the service's, whatever else is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.latent import MAX_SEED, parse_seed
from service.batching.recipe import Method, Recipe, StyleMix, point_of, walk
from service.engine.backends.eager import eager_network
from service.engine.entry_vectors import EntryVectors
from service.engine.rendering import render_network
from tests.service.styled_models import styled_generator
from training.generation import Sampler, SecondStyle, Seed, parse_seeds
from training.rendering import render

CONFIG = ProganConfig(16, latent_size=8, fmap_base=64, fmap_max=8)
NAMES = ("cat", "dog", "owl")


def network(classes: int) -> Generator:
    """Random weights, always the same."""
    torch.manual_seed(3)
    return Generator(replace(CONFIG, classes=classes)).eval().requires_grad_(False)


def of_the_service(classes: int, recipes: list[Recipe]) -> np.ndarray:
    """The same weights in the service's engine, in eager mode; each picture alone."""
    generator = network(classes)
    entry = EntryVectors(generator.entrance, NAMES[:classes])
    engine = eager_network(generator, torch.device("cpu"))
    return np.stack([render_network(engine, entry, [recipe])[0] for recipe in recipes])


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_pictures_are_those_of_the_service(classes: int, resolution: int) -> None:
    """Within one step of 255: the service folds scales into weights, which rounds otherwise."""
    seeds = [0, 7, MAX_SEED, parse_seed("alan")]
    sampler = Sampler(network(classes), resolution)

    ours = np.stack([sampler.picture(seed) for seed in seeds])

    theirs = of_the_service(classes, [Recipe("m", point_of(seed), resolution) for seed in seeds])
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert np.abs(ours.astype(int) - theirs).mean() < 0.05
    assert len(np.unique(ours, axis=0)) == len(seeds)


def test_a_label_is_that_of_the_service() -> None:
    """In place of each seed's own."""
    ours = Sampler(network(3), 16, label=1).picture(5)

    (theirs,) = of_the_service(3, [Recipe("m", point_of(5), 16, label="dog")])
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("classes", [0, 3])
def test_a_walk_is_that_of_the_service(classes: int) -> None:
    """Key frames and what lies between, where the class changes, too."""
    frames = np.stack([*Sampler(network(classes), 16).walk([1, 2, 5], steps=4)])

    points = walk([1, 2, 5], 4, loop=False, method=Method.SLERP)
    theirs = of_the_service(classes, [Recipe("m", point, 16) for point in points])
    assert frames.shape == theirs.shape == (9, 16, 16, 3)
    assert np.abs(frames.astype(int) - theirs).max() <= 1


def test_pictures_are_those_of_the_golden_seeds() -> None:
    """To the last bit: an export renders them alone, too."""
    generator = network(0)

    for resolution, level in ((8, 1), (16, 2)):
        expected = render(generator, [3], Growth(level))[0]
        assert (Sampler(generator, resolution).picture(3) == expected).all()


def test_seeds_are_ranges_numbers_and_texts() -> None:
    """Both ends of a range belong to it; text is hashed by the seed contract."""
    assert [seed.number for seed in parse_seeds("0-3,200,007")] == [0, 1, 2, 3, 200, 7]
    assert parse_seeds("alan, alan") == [
        Seed("alan", parse_seed("alan")),
        Seed(" alan", parse_seed(" alan")),
    ]
    assert parse_seeds("a-b,1-x")[0].number == parse_seed("a-b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "1 to 128 characters"),
        ("1,,2", "1 to 128 characters"),
        ("-1", "lies from 0"),
        (str(2**63), "lies from 0"),
        (f"0-{2**63}", "lies from 0"),
        ("9-3", "a range goes up"),
        ("0-1000000", "at most 1,000,000 seeds"),
        ("0-999999,7", "at most 1,000,000 seeds, not 1,000,001"),
    ],
)
def test_what_is_no_seed_is_refused(text: str, reason: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match=reason):
        parse_seeds(text)


@pytest.mark.parametrize("classes", [0, 3])
def test_pictures_and_walks_between_styles_are_those_of_the_service(classes: int) -> None:
    """Truncated, in a straight line between styles."""
    generator = styled_generator(classes)
    frames = np.stack([*Sampler(generator, 16, psi=0.5).walk([1, 2], steps=2)])
    entry = EntryVectors(generator.entrance, NAMES[:classes])
    engine = eager_network(styled_generator(classes), torch.device("cpu"))
    points = walk([1, 2], 2, loop=False, method=Method.LERP)
    theirs = np.stack(
        [render_network(engine, entry, [Recipe("m", point, 16, psi=0.5)])[0] for point in points]
    )

    assert np.abs(frames.astype(int) - theirs).max() <= 1
    assert len(np.unique(frames, axis=0)) == 3


@pytest.mark.parametrize("classes", [0, 3])
def test_pictures_with_a_second_style_are_those_of_the_service(classes: int) -> None:
    """Of a seed and between two, truncated, from each level on that a style can begin at."""
    generator = styled_generator(classes)
    entry = EntryVectors(generator.entrance, NAMES[:classes])
    engine = eager_network(styled_generator(classes), torch.device("cpu"))
    points = walk([1, 2], 2, loop=False, method=Method.LERP)
    seen: list[np.ndarray] = []
    for resolution in (8, 16):
        mixed = Sampler(generator, 16, psi=0.5, mix=SecondStyle(7, resolution))
        frames = np.stack([*mixed.walk([1, 2], steps=2)])
        mix = StyleMix(7, resolution)
        recipes = [Recipe("m", point, 16, psi=0.5, mix=mix) for point in points]
        theirs = np.stack([render_network(engine, entry, [recipe])[0] for recipe in recipes])

        assert np.abs(frames.astype(int) - theirs).max() <= 1  # folding rounds the last bit
        seen.extend(frames)

    assert len(np.unique(np.stack(seen), axis=0)) == len(seen)
