"""The seed of a picture is found among thousands, without any help of the file."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.latent import latent_of
from models.picture import Pixels
from models.pixels import to_pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.verification.seed_search import KEPT_CANDIDATES, Candidate, SeedSearch, is_found
from service.verification.similarity import Comparison
from tests.service.painter import MODE, card_named, paint
from tests.service.pictures import painted
from training.exits.linear import LeastSquares

CONFIG = ProganConfig(resolution=32, channels=3, latent_size=16, fmap_base=64, fmap_max=8)
FITTED_SEEDS = range(10_000_000, 10_000_256)
SEED, SEEDS = 3_141, 5_000


class TinyNetwork:
    """A network of random weights whose exit at 16 px is fitted, as at an export."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self._whole = Generator(CONFIG).eval().requires_grad_(False)
        fit = LeastSquares(self._features(self._latents(FITTED_SEEDS)).shape[1], 3, 3)
        features = self._features(self._latents(FITTED_SEEDS))
        images = self._whole(self._latents(FITTED_SEEDS), Growth(3))
        fit.add(features, torch.nn.functional.avg_pool2d(images, 2))
        self._exit = fit.exit()

    @torch.inference_mode()
    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The pictures of recipes of one resolution, 16 or 32."""
        latents = self._latents([recipe.point.start for recipe in recipes])
        small = recipes[0].resolution == 16
        images = self._exit(self._features(latents)) if small else self._whole(latents, Growth(3))
        return list(to_pixels(images).numpy())

    def _features(self, latents: torch.Tensor) -> torch.Tensor:
        features = self._whole.stem(latents)
        for level in self._whole.levels[:2]:
            features = level(features)
        return features

    def _latents(self, seeds: Sequence[int]) -> torch.Tensor:
        return torch.tensor(np.stack([latent_of(seed, CONFIG.latent_size) for seed in seeds]))


def changed(pixels: Pixels, size: int, quality: int) -> Pixels:
    """A copy that was resized and compressed, without metadata."""
    file = io.BytesIO()
    image = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_the_seed_of_a_compressed_picture_of_half_the_size_is_found_among_thousands() -> None:
    """First at 16 px, then the best at full size."""
    network = TinyNetwork()
    served = ModelInfo(card_named("tiny-32"), MODE)
    recipe = Recipe(served.pinned_name, point_of(SEED), 32)
    seen = changed(network.render([recipe])[0], 16, 75)
    search = SeedSearch(seen, served, network.render)
    search.look_at(range(SEEDS))
    found = search.candidates()

    assert search.first == 16
    assert found[0].recipe == recipe
    assert is_found(found)
    assert not is_found(found[1:])
    assert len(found) == KEPT_CANDIDATES


def candidates_with(count: int, side: int) -> list[Candidate]:
    """Candidates of which the first is ahead by 5 dB, and not similar by itself."""
    recipe = Recipe("tiny-32", point_of(7), 32)
    first = Candidate(recipe, Comparison(False, 15.0, 0.2, side, side))
    return [first, *[Candidate(recipe, Comparison(False, 10.0, 0.1, side, side))] * (count - 1)]


def test_a_lead_counts_only_among_many_seeds_and_pixels() -> None:
    """Of two seeds one is always ahead; and one pixel of any colour resembles some seed."""
    assert is_found(candidates_with(KEPT_CANDIDATES, 16))
    assert not is_found(candidates_with(2, 16))
    assert not is_found(candidates_with(KEPT_CANDIDATES, 1))


def test_every_class_is_tried_where_all_are_wanted() -> None:
    """A seed makes another picture in each class."""
    served = ModelInfo(card_named("things-32", labels=("shoe", "hat")), MODE)
    recipe = Recipe(served.pinned_name, point_of(7), 32, "hat")
    search = SeedSearch(
        paint(recipe), served, lambda recipes: list(map(paint, recipes)), ("shoe", "hat"), first=32
    )
    search.look_at(range(40))
    best = search.candidates()[0]

    assert (best.recipe, best.comparison.equal) == (recipe, True)


def test_equal_errors_are_kept_in_the_order_of_seeds() -> None:
    """A model may make one picture from every seed."""
    served = ModelInfo(card_named("still-32"), MODE)
    search = SeedSearch(painted(32), served, lambda recipes: [painted(16)] * len(recipes))
    search.look_at(range(KEPT_CANDIDATES + 10))

    assert sorted(c.recipe.point.start for c in search.candidates()) == list(range(KEPT_CANDIDATES))


def test_a_part_of_a_picture_is_refused() -> None:
    """It would never be found."""
    served = ModelInfo(card_named("tiny-32"), MODE)
    with pytest.raises(ValueError, match="parts of pictures are not found"):
        SeedSearch(painted(32)[:, :20], served, lambda _: [])
