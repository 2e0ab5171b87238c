"""A data set: its recipes, names and files, and what changes its ETag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from models.latent import MAX_SEED
from models.picture import pixel_sha256
from service.batching.engine import ModelInfo
from service.datasets.dataset import MAX_DATASET_COUNT, Dataset, DatasetRequest
from service.datasets.manifest import Description
from service.errors import OutOfRange
from service.files import picture_file
from tests.service.dataset_files import class_of, painted_dataset, painted_entry
from tests.service.painter import MODE, card_named, paint
from tests.service.styled_models import styled_card

PETS = ("cat", "dog", "newt")


def test_a_picture_has_the_bytes_of_a_single_one() -> None:
    """The same file, facts and digest, whatever data set it is in."""
    dataset = painted_dataset(3, 9)
    entry = painted_entry(dataset, 7)
    recipe = dataset.recipe_of(7)
    alone = picture_file(recipe, dataset.served.card, paint(recipe), "png", None)

    assert entry.content == alone.content
    assert entry.record.pixel_sha256 == alone.pixel_sha256 == pixel_sha256([paint(recipe)])
    assert entry == painted_entry(painted_dataset(0, 8), 7)


def test_each_seed_brings_its_class_unless_one_is_asked_for() -> None:
    """And its place in the list of classes."""
    card = card_named("pets", labels=PETS)
    own = [painted_entry(painted_dataset(card=card), seed).record for seed in range(20)]
    asked = painted_entry(painted_dataset(card=card, label="newt"), 0).record

    assert [each.label for each in own] == [class_of(seed, PETS) for seed in range(20)]
    assert all(PETS[each.class_index or 0] == each.label for each in own)
    assert len({each.label for each in own}) == 3
    assert (asked.label, asked.class_index) == ("newt", 2)


def test_file_names_depend_on_the_seed_alone() -> None:
    """Parts of a data set fit together."""
    assert painted_dataset(0, 9).file_name(7) == painted_dataset(7, 1).file_name(7) == "000007.png"
    assert painted_dataset(image_format="jpeg").file_name(12_345_678) == "12345678.jpg"


@pytest.mark.parametrize("count", [1, 500, MAX_DATASET_COUNT])
def test_a_data_set_ends_at_the_last_seed(count: int) -> None:
    """However few pictures it has, so that one which was cut near the end can go on."""
    dataset = painted_dataset(MAX_SEED - count + 1, count)

    assert dataset.seeds[-1] == MAX_SEED
    assert dataset.recipe_of(MAX_SEED).point.start == MAX_SEED
    with pytest.raises(OutOfRange, match=f"ask for {count} pictures from this one on"):
        painted_dataset(MAX_SEED - count + 1, count + 1)


CHANGES: dict[str, Callable[[Dataset], Dataset]] = {
    "from_seed": lambda data: replace(data, from_seed=1),
    "count": lambda data: replace(data, count=6),
    "resolution": lambda data: replace(data, resolution=8),
    "label": lambda data: replace(data, label="cat"),
    "image_format": lambda data: replace(data, image_format="webp"),
    "watermark": lambda data: replace(data, served=replace(data.served, watermark="v1")),
    "licence": lambda data: replace(
        data, served=replace(data.served, card=replace(data.served.card, licence="CC0"))
    ),
    "libraries": lambda data: replace(
        data, served=replace(data.served, mode=replace(data.served.mode, libraries="others"))
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_the_bytes_changes_the_etag(name: str) -> None:
    """Also the kind of archive."""
    dataset = painted_dataset(card=card_named("pets", labels=PETS))

    assert dataset.etag("zip") == painted_dataset(card=card_named("pets", labels=PETS)).etag("zip")
    assert CHANGES[name](dataset).etag("zip") != dataset.etag("zip") != dataset.etag("webdataset")


def test_a_class_that_the_model_does_not_have_is_refused() -> None:
    """Before anything is rendered."""
    with pytest.raises(OutOfRange, match="it has no labels"):
        painted_dataset(label="cat").recipe_of(0)


def test_a_truncated_data_set_says_so_and_another_one_is_as_before() -> None:
    """In its description, its pictures and its ETag; models without styles refuse it."""
    served = ModelInfo(styled_card(), MODE)
    sets = [
        Dataset.requested(served, DatasetRequest(0, 3, 4, None, "png", psi), picture_file, None)
        for psi in (None, 1.0, 0.5)
    ]

    assert [each.description().psi for each in sets] == [None, None, 0.5]
    assert [b'"psi"' in each.description().as_json() for each in sets] == [False, False, True]
    assert [each.recipe_of(2).psi for each in sets] == [1.0, 1.0, 0.5]
    etags = [each.etag("zip") for each in sets]
    assert etags[0] == etags[1] != etags[2]
    read = Description.model_validate_json(sets[0].description().as_json())
    assert read == sets[0].description()
    wanted = DatasetRequest(0, 3, 4, None, "png", 0.5)
    with pytest.raises(OutOfRange, match="and no psi"):
        Dataset.requested(ModelInfo(card_named("plain"), MODE), wanted, picture_file, None)
