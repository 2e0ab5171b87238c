"""Data sets for tests: small ones of a painter, and their archives read by others' libraries."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

from models.card import Card
from models.latent import label_of
from models.picture import pixel_sha256
from service.batching.engine import ModelInfo
from service.datasets.archives import Archive
from service.datasets.dataset import Dataset, PictureEntry
from service.files import picture_file
from tests.service.painter import MODE, card_named, paint


def painted_dataset(
    from_seed: int = 0,
    count: int = 5,
    *,
    card: Card | None = None,
    label: str | None = None,
    image_format: str = "png",
) -> Dataset:
    """A data set of 4 px of a painter's model."""
    served = ModelInfo(card or card_named("painter-32"), MODE)
    return Dataset(served, from_seed, count, 4, label, image_format, picture_file)


def painted_entry(dataset: Dataset, seed: int) -> PictureEntry:
    """One of its pictures."""
    recipe = dataset.recipe_of(seed)
    return dataset.entry_of(seed, paint(recipe, dataset.served.card.network.channels))


def whole(dataset: Dataset, archive: Archive) -> bytes:
    """All bytes of its archive."""
    return b"".join(pieces(dataset, archive))


def pieces(dataset: Dataset, archive: Archive) -> Iterator[bytes]:
    """The bytes of its archive, a step at a time."""
    yield b"".join(archive.begin())
    for seed in dataset.seeds:
        yield b"".join(archive.add(painted_entry(dataset, seed)))
    yield b"".join(archive.end())


def records_in_zip(content: bytes) -> list[dict[str, Any]]:
    """The lines of the manifest of a complete ZIP file."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = [name for name in archive.namelist() if name.startswith("manifest/")]
    return [json.loads(line) for name in names for line in archive.read(name).splitlines()]


def samples_in_tar(content: bytes) -> Iterator[dict[str, Any]]:
    """The samples of a tar file as WebDataset groups them, also of one that was cut.

    Consecutive members with the same name up to the first dot are one sample; names that begin and
    end with two underscores are left out. A torn last sample is left out, too.
    """
    sample: dict[str, Any] = {}
    for name, data in _members(content):
        if name.startswith("__") and name.endswith("__"):
            continue
        key, _, extension = name.partition(".")
        if sample and key != sample["__key__"]:
            yield sample
            sample = {}
        sample |= {"__key__": key, extension: data}
    if "json" in sample:
        yield sample


def records_in_tar(content: bytes) -> list[dict[str, Any]]:
    """The records of the samples of a tar file, also of one that was cut."""
    return [json.loads(sample["json"]) for sample in samples_in_tar(content)]


def member_of_tar(content: bytes, name: str) -> Any:
    """The JSON of a member."""
    return next(json.loads(data) for member, data in _members(content) if member == name)


def expected_records(first: int, count: int, model: str = "painter-32") -> list[dict[str, Any]]:
    """The records of `painted_dataset`, made without it."""
    dataset = painted_dataset(first, count, card=card_named(model))
    return [
        {
            "file": f"{seed:06d}.png",
            "seed": str(seed),
            "label": None,
            "class_index": None,
            "pixel_sha256": pixel_sha256([paint(dataset.recipe_of(seed))]),
        }
        for seed in range(first, first + count)
    ]


def class_of(seed: int, labels: tuple[str, ...]) -> str:
    """The class that a seed brings along."""
    return labels[label_of(seed, len(labels))]


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r|") as archive:
        try:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                yield member.name, file.read()
        except tarfile.ReadError:  # it was cut in the middle of a member
            return
