"""Truncated pictures of a real network: exact in batches, and those of training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bundle import load_bundle
from models.editing import Directions
from models.exit_shape import BOX
from models.families.biggan.generator import BigganGenerator
from models.picture import thumbnail_of
from service.batching.recipe import Edit, Point, Recipe, point_of
from service.engine.backends.eager import eager_network
from service.engine.backends.openvino import openvino_network
from service.engine.device import Target
from service.engine.entry_vectors import EntryVectors
from service.engine.loading import load_model
from service.engine.rendering import render_network
from service.engine.self_test import TRUNCATED_PROBE, probes_of
from tests.service.engine.opened_engine import unlearned
from tests.service.styled_models import styled_card
from tests.service.truncated_models import (
    truncated_card,
    truncated_generator,
    write_truncated_bundle,
)
from training.generation import Sampler

TARGET = Target(torch.device("cpu"), 1, "fp32")


@pytest.mark.parametrize("classes", [0, 3])
def test_a_biggan_is_served_in_batches_with_the_bytes_of_single_pictures(
    tmp_path: Path, classes: int
) -> None:
    """Alone and in batches of 2, 3, 7 and 8, with truncations, walks and sizes mixed."""
    model = load_model(write_truncated_bundle(tmp_path, classes), TARGET, 8, unlearned)
    name = model.served.pinned_name
    recipes = [
        Recipe(name, point, resolution, psi=psi)
        for point, resolution, psi in (
            *((point_of(1), 16, 1.0), (point_of(1), 16, 0.999), (point_of(1), 16, 0.25)),
            *((Point(1, 2, 0.3), 16, 0.5), (point_of(4), 8, 0.0), (point_of(5), 16, 0.6)),
            *((point_of(1), 4, 1.0), (point_of(6), 16, 0.75)),
        )
    ]
    alone = [model.render_batch([recipe])[0] for recipe in recipes]

    assert model.served.mode.exact
    assert "openvino" in model.served.mode.libraries  # not the fallback, which has no batches
    assert len({pixels.tobytes() for pixels in alone}) == len(alone)
    for count in (2, 3, 7, 8):
        for pixels, expected in zip(model.render_batch(recipes[:count]), alone, strict=False):
            assert np.array_equal(pixels, expected)


def test_without_truncation_a_picture_is_the_golden_one(tmp_path: Path) -> None:
    """Within a rounding of folding; the nearest truncation already makes another."""
    bundle = load_bundle(write_truncated_bundle(tmp_path, 3))
    entry = EntryVectors(bundle.generator.entrance, bundle.card.labels)
    network = eager_network(bundle.generator, torch.device("cpu"))
    golden = bundle.card.golden[0]
    recipe = Recipe("m", point_of(golden.seed), 16)

    (pixels,) = render_network(network, entry, [recipe])

    assert np.abs(np.subtract(thumbnail_of(pixels), golden.thumbnail)).max() <= 1
    assert not np.array_equal(
        render_network(network, entry, [Recipe("m", point_of(golden.seed), 16, psi=0.9)])[0], pixels
    )


@pytest.mark.parametrize("classes", [0, 3])
def test_openvino_makes_the_pictures_of_psi_one_from_the_same_graph(classes: int) -> None:
    """Of a network with statistics for truncated latents, and of the same one without; to a step.

    Factors of 1 and summands of 0 change no number, but how the graph is fused may round otherwise.
    """
    truncating = truncated_generator(classes)
    plain = BigganGenerator(replace(truncating.config, psi_steps=0), (BOX,) * 3).eval()
    plain.load_state_dict(truncating.state_dict(), strict=False)
    names = [f"class {n}" for n in range(classes)]
    recipes = [Recipe("m", point_of(seed), 16) for seed in range(8)]

    first, second = (
        render_network(openvino_network(generator, TARGET), EntryVectors(entrance, names), recipes)
        for generator, entrance in (
            (each, each.entrance) for each in (truncating, plain.requires_grad_(False))
        )
    )

    for one, other in zip(first, second, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_pictures_and_walks_are_those_of_generate(tmp_path: Path) -> None:
    """Which computes the same without the service: interpolated, truncated, edited, entered."""
    bundle = load_bundle(write_truncated_bundle(tmp_path))
    frames = np.stack([*Sampler(bundle.generator, 16, psi=0.5).walk([1, 2], steps=2)])
    entry = EntryVectors(bundle.generator.entrance)
    network = eager_network(bundle.generator, torch.device("cpu"))
    points = [point_of(1), Point(1, 2, 0.5), point_of(2)]

    rendered = [
        render_network(network, entry, [Recipe("m", point, 16, psi=0.5)])[0] for point in points
    ]

    assert np.abs(frames.astype(int) - np.stack(rendered)).max() <= 1  # folded: other roundings


def test_latents_are_truncated_before_they_are_edited(tmp_path: Path) -> None:
    """A step along a direction may leave the threshold."""
    bundle = load_bundle(write_truncated_bundle(tmp_path))
    directions = Directions(("one",), torch.ones(1, 9))
    entry = EntryVectors(bundle.generator.entrance, directions=directions)
    recipe = Recipe("m", point_of(1), 16, psi=0.0, edits=(Edit("one", 2.0),))

    vector = entry.of([recipe])[0]

    assert vector[:9].tolist() == [2.0] * 9


def test_the_trial_at_load_tries_truncated_pictures_where_the_network_sees_psi() -> None:
    """Not so with styles, which reach the network as styles."""
    assert [each.psi for each in probes_of(truncated_card(), 3)] == [1.0, TRUNCATED_PROBE, 1.0]
    assert {each.psi for each in probes_of(styled_card(), 3)} == {1.0}
