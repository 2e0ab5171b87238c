"""Loading of networks with classes, with 16 bits, with styles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.families.progan.config import ProganConfig
from models.latent import label_of
from service.batching.recipe import Method, Point, Recipe, StyleMix, point_of
from service.engine.device import Target
from service.engine.loading import load_model
from tests.conftest import TINY, MakeBundle
from tests.service.engine.opened_engine import opened, unlearned
from tests.service.styled_models import write_styled_bundle


def test_a_model_with_classes_is_served_by_label_or_by_seed(make_bundle: MakeBundle) -> None:
    """Each label makes another picture, the same in any company; none means the seed's own."""
    engine = opened(make_bundle("classes-32", replace(TINY, classes=3)).parent)
    (served,) = engine.served()
    name, labels = served.pinned_name, served.card.labels
    wanted = [Recipe(name, point_of(5), 16, label) for label in (*labels, None)]

    together = engine.render([*wanted, Recipe(name, point_of(6), 32)])

    assert served.mode.exact
    for recipe, image in zip(wanted, together, strict=False):
        assert np.array_equal(image, engine.render([recipe])[0])
    assert len({image.tobytes() for image in together[:3]}) == 3
    assert np.array_equal(together[3], together[label_of(5, 3)])


GRAY = ProganConfig(resolution=32, channels=1, latent_size=16, fmap_base=256, fmap_max=16)


def test_a_model_of_sixteen_bits_is_computed_in_fp32_and_uses_them(
    make_bundle: MakeBundle,
) -> None:
    """Also where bf16 is faster; one picture has more values than 8 bits, in any company."""
    bundle = make_bundle("scans-32", GRAY, value_range=(0.0, 4095.0))
    model = load_model(bundle, Target(torch.device("cpu"), 1, "bf16"), 4, unlearned)
    pinned = model.served.pinned_name
    recipes = [Recipe(pinned, point_of(n), 32 >> n % 2) for n in range(4)]

    assert model.served.mode.precision == "fp32"
    together = model.render_batch(recipes)
    assert {image.dtype for image in together} == {np.dtype(np.uint16)}
    assert len(np.unique(together[0])) > 256
    for recipe, image in zip(recipes, together, strict=True):
        assert np.array_equal(model.render_batch([recipe])[0], image)


def test_the_same_network_of_eight_bits_makes_the_rounded_picture(
    make_bundle: MakeBundle,
) -> None:
    """Within a step: each is rounded once, from the same number."""
    target = Target(torch.device("cpu"), 1, "fp32")
    deep = load_model(make_bundle("deep", GRAY, value_range=(0.0, 1.0)), target, 1, unlearned)
    shallow = load_model(make_bundle("shallow", GRAY), target, 1, unlearned)
    fine, coarse = (
        model.render_batch([Recipe(model.served.pinned_name, point_of(3), 32)])[0]
        for model in (deep, shallow)
    )

    assert np.abs(fine / 257 - coarse).max() <= 0.502


@pytest.mark.parametrize("classes", [0, 3])
def test_a_stylegan_is_served_in_batches_with_the_bytes_of_single_pictures(
    tmp_path: Path, classes: int
) -> None:
    """Alone and in batches of 2, 3, 7 and 8, with truncations, second styles and sizes mixed."""
    folder = write_styled_bundle(tmp_path, classes)
    model = load_model(folder, Target(torch.device("cpu"), 1, "fp32"), 8, unlearned)
    name, report = model.served.pinned_name, model.served.mode
    recipes = [
        Recipe(name, point, resolution, psi=psi, mix=mix)
        for point, resolution, psi, mix in (
            (point_of(1), 16, 1.0, None),
            (point_of(2), 16, 0.7, None),
            (point_of(2), 16, 0.7, StyleMix(5, 8)),
            (Point(1, 2, 0.3, Method.LERP), 16, 1.0, StyleMix(5, 16)),
            (point_of(4), 8, 0.0, None),
            (point_of(5), 16, 1.5, None),
            (point_of(1), 4, 1.0, None),
            (point_of(6), 16, 1.0, None),
        )
    ]
    alone = [model.render_batch([recipe])[0] for recipe in recipes]

    assert report.exact
    assert (report.golden_tried, report.golden_equal) in ((1, 0), (1, 1))
    assert len({pixels.tobytes() for pixels in alone}) == len(alone)
    for count in (2, 3, 7, 8):
        for pixels, expected in zip(model.render_batch(recipes[:count]), alone, strict=False):
            assert np.array_equal(pixels, expected)
