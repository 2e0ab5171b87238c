"""Crops of pictures that are drawn only in part are those of the whole pictures."""

import numpy as np
import pytest
import torch

from models.crops import Crops
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth


@pytest.mark.parametrize(
    ("resolution", "crop", "base"),
    [(32, 16, (4, 4)), (64, 16, (4, 6)), (128, 32, (4, 4)), (128, 64, (5, 4)), (256, 64, (4, 3))],
)
@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_a_crop_is_that_of_the_whole_picture(
    resolution: int, crop: int, base: tuple[int, int], alpha: float
) -> None:
    """In each corner, beside an edge and in the middle; in fp64, whose rounding is below 1e-10."""
    height, width = base
    network = ProganConfig(
        resolution,
        latent_size=8,
        fmap_base=256,
        fmap_max=8,
        base_height=height,
        base_width=width,
        fmap_min=4,
    )
    torch.manual_seed(0)
    generator, growth = Generator(network).double(), Growth(network.top_level, alpha)
    place = Crops(crop, network.top_level, base, ())
    assert place.fits
    rows, columns = place.room
    ends = [(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1)]
    corners = [*ends, (1, columns // 2), (rows // 2, 1), (rows // 2, columns // 2)]
    crops = Crops(crop, network.top_level, base, corners)
    z = torch.randn(len(corners), 8, dtype=torch.double)

    drawn, whole = generator.crops(z, growth, crops), generator(z, growth)

    pixels = whole.detach().permute(0, 2, 3, 1).numpy()
    expected = torch.from_numpy(crops.pixels(pixels)).permute(0, 3, 1, 2)
    assert drawn.shape[2:] == network.size_at(crop)
    assert torch.allclose(drawn, expected, rtol=0, atol=1e-10)


def test_the_last_place_ends_at_the_edge_of_the_picture() -> None:
    """No row and no column is left out."""
    crops = Crops(16, 4, (4, 6), ())
    rows, columns = crops.room
    last = Crops(16, 4, (4, 6), [(rows - 1, columns - 1)])
    picture = np.arange(64 * 96, dtype=np.uint16).reshape(1, 64, 96, 1)

    (crop,) = last.pixels(picture)

    assert crop.shape == (16, 24, 1)
    assert crop[-1, -1, 0] == picture[0, -1, -1, 0]


@pytest.mark.parametrize(
    ("resolution", "level", "base", "fits"),
    [
        (16, 3, (4, 4), True),
        (8, 3, (4, 4), False),  # a margin larger than the rest
        (16, 6, (4, 4), False),  # half a pixel of the first level
        (16, 3, (4, 2), False),  # no room beside it
        (16, 4, (5, 4), False),  # two and a half pixels
        (32, 3, (4, 4), False),  # the whole picture
        (128, 7, (4, 4), True),
        (128, 8, (4, 4), True),
    ],
)
def test_crops_that_do_not_fit_are_known(
    resolution: int, level: int, base: tuple[int, int], fits: bool
) -> None:
    """Before any is drawn."""
    assert Crops(resolution, level, base, ()).fits is fits


def test_only_the_levels_from_the_resolution_of_the_crops_on_have_gradients() -> None:
    """What is below decides the whole picture, which crops do not show."""
    network = ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8)
    generator, crops = Generator(network), Crops(16, 4, (4, 4), [(1, 2), (3, 0)])

    generator.crops(torch.randn(2, 8), Growth(4, 0.5), crops).sum().backward()

    learning = {name for name, weight in generator.named_parameters() if weight.grad is not None}
    parts = {".".join(name.split(".")[:2]) for name in learning}
    assert parts == {"levels.1", "levels.2", "levels.3", "exits.3", "exits.4"}


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_references_are_the_same_places_of_smaller_pictures(alpha: float) -> None:
    """In fp64, whose rounding is below 1e-10; the crops are those of `crops`."""
    network = ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8, base_height=6)
    torch.manual_seed(0)
    generator, growth = Generator(network).double(), Growth(4, alpha)
    crops = Crops(16, 4, (6, 4), [(0, 0), (9, 6), (3, 2)])
    z = torch.randn(3, 8, dtype=torch.double)

    drawn, references = generator.consistent_crops(z, growth, crops)

    assert torch.allclose(drawn, generator.crops(z, growth, crops), rtol=0, atol=1e-10)
    small = generator(z, Growth(2))
    for place, (y, x) in zip(references, crops.corners, strict=True):
        expected = small[crops.corners.index((y, x)), :, 2 * y : 2 * y + 6, 2 * x : 2 * x + 4]
        assert torch.allclose(place, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("level", "below"), [(4, {"exits.3"}), (3, set[str]())])
def test_of_consistent_crops_only_what_is_above_their_resolution_has_gradients(
    level: int, below: set[str]
) -> None:
    """Also while a level fades in: the exit that draws the references stays as it is."""
    network = ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8)
    generator, crops = Generator(network), Crops(16, level, (4, 4), [(1, 2), (3, 0)])

    drawn, references = generator.consistent_crops(torch.randn(2, 8), Growth(level, 0.5), crops)
    drawn.sum().backward()

    assert not references.requires_grad
    learning = {name for name, weight in generator.named_parameters() if weight.grad is not None}
    parts = {".".join(name.split(".")[:2]) for name in learning}
    assert parts == below | {f"exits.{level}"} | {f"levels.{n}" for n in range(2, level)}
