"""Rendered images with a watermark: the same bytes in every batch, and unmarked ones as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.families.progan.config import ProganConfig
from service.batching.recipe import Recipe, point_of
from service.batching.watermarks import watermark_at
from service.engine.picture_marker import PictureMarker, with_watermarks
from service.engine.torch_models import TorchModels, open_models
from service.watermark.key import WatermarkKey, watermark_key
from service.watermark.pattern import pattern_of
from tests.conftest import MakeBundle

OWN = watermark_key("an own key of the operator")


def opened(folder: Path, key: WatermarkKey | None) -> tuple[TorchModels, str]:
    """The model of a folder, and its pinned name."""
    models = open_models(
        device="cpu", threads=1, max_batch=4, max_work_s=1.0, precision="fp32", watermark_key=key
    )
    model = models.load(folder, lambda _recipes, _seconds: None)
    models.activate(model)
    return models, model.served.pinned_name


def recipes_of(models: TorchModels, name: str, sizes: Sequence[int]) -> list[Recipe]:
    """A recipe for each size, as the routes make them."""
    served = models.loaded[name].served
    return [
        Recipe(name, point_of(seed), size, watermark=watermark_at(served, size))
        for seed, size in enumerate(sizes)
    ]


def test_a_marked_picture_is_the_same_in_every_batch_and_replica(make_bundle: MakeBundle) -> None:
    """Beside marked and unmarked ones; faint, and without the setting every pixel is as before."""
    folder = make_bundle("marked", ProganConfig(128, 3, 16, 256, 16))
    models, name = opened(folder, watermark_key())
    plain, _ = opened(folder, None)
    recipes = recipes_of(models, name, [128, 64, 128, 32, 128])
    unmarked = [replace(recipe, watermark=None) for recipe in recipes]
    alone = [models.render_batch([recipe])[0] for recipe in recipes]
    before = [plain.render_batch([recipe])[0] for recipe in unmarked]

    assert [recipe.watermark for recipe in recipes] == ["1", "none", "1", "none", "1"]
    for batch in (recipes, recipes[::-1], [*unmarked[:2], *recipes]):
        for recipe, pixels in zip(batch, models.render_batch(batch), strict=True):
            wanted = alone[recipes.index(recipe)] if recipe.watermark else None
            wanted = before[unmarked.index(recipe)] if wanted is None else wanted
            assert np.array_equal(pixels, wanted)
    pattern = pattern_of(watermark_key(), name.rpartition("@")[2][:8], 128, 128)
    for recipe, pixels, plain_pixels in zip(recipes, alone, before, strict=True):
        change = pixels.astype(float) - plain_pixels
        if recipe.watermark == "none":
            assert not change.any()
        else:
            assert 10 * np.log10(255**2 / np.mean(change**2)) >= 42
            assert np.corrcoef(change.mean(axis=2).ravel(), pattern.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_is_marked_alone(channels: int) -> None:
    """Gray, colour and transparent, in the memory order of a network; the images given stay."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        images = torch.randn(5, channels, 256, 128).to(memory_format=torch.channels_last)
    kept = images.clone()
    recipes = [Recipe(f"m@{n % 2}abcdef0", point_of(n), 128, watermark=OWN.name) for n in range(5)]

    together = with_watermarks(images, recipes, PictureMarker(OWN))

    assert torch.equal(images, kept)
    assert not torch.equal(together, images)
    for n, recipe in enumerate(recipes):
        alone = with_watermarks(images[n : n + 1], [recipe], PictureMarker(OWN))
        assert torch.equal(alone[0], together[n])


def test_unmarked_images_are_passed_on() -> None:
    """Not even a copy is made."""
    images = torch.zeros(2, 3, 128, 128)
    recipes = [Recipe("m@1", point_of(1), 128), Recipe("m@1", point_of(2), 128, watermark="none")]

    assert with_watermarks(images, recipes, None) is images
    assert with_watermarks(images, recipes, PictureMarker(OWN)) is images


def test_another_watermark_than_that_of_the_engine_is_an_error() -> None:
    """Never a picture with another mark, or none, under its name."""
    images, recipe = torch.zeros(1, 3, 128, 128), Recipe("m@1", point_of(1), 128, watermark="2")

    with pytest.raises(ValueError, match=f"the watermark here is {OWN.name}, not 2"):
        with_watermarks(images, [recipe], PictureMarker(OWN))
    with pytest.raises(ValueError, match="PROGAN_WATERMARK=on"):
        with_watermarks(images, [recipe], None)
