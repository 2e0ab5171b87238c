"""What stands in an archive: read by Python's own libraries, by the rules of WebDataset."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from itertools import chain

import pytest

from models.picture import pixel_sha256
from service.datasets.archives import (
    ARCHIVE_FORMATS,
    WebDatasetArchive,
    ZipArchive,
    manifest_name,
    piece_ends,
)
from tests.service.dataset_files import (
    class_of,
    expected_records,
    member_of_tar,
    painted_dataset,
    records_in_tar,
    records_in_zip,
    samples_in_tar,
    whole,
)
from tests.service.painter import card_named, paint
from tests.service.pictures import decoded

PETS = ("cat", "dog")


def test_a_zip_file_has_description_pictures_manifest_and_end() -> None:
    """Pictures and their manifest in the order of seeds, the proof of completeness last."""
    dataset = painted_dataset(98, 4)
    content = whole(dataset, ZipArchive(dataset))
    archive = zipfile.ZipFile(io.BytesIO(content))

    assert archive.testzip() is None
    assert archive.namelist() == [
        "dataset.json",
        "000098.png",
        "000099.png",
        "manifest/000098.jsonl",
        "000100.png",
        "000101.png",
        "manifest/000100.jsonl",
        "complete.json",
    ]
    assert records_in_zip(content) == expected_records(98, 4)
    assert json.loads(archive.read("dataset.json"))["count"] == 4


def test_the_closing_record_proves_all_pictures() -> None:
    """In both kinds of archive, by the same digest."""
    dataset = painted_dataset(3, 5)
    zipped = whole(dataset, ZipArchive(dataset))
    closing = json.loads(zipfile.ZipFile(io.BytesIO(zipped)).read("complete.json"))
    digests = [bytes.fromhex(each["pixel_sha256"]) for each in expected_records(3, 5)]

    assert closing == member_of_tar(whole(dataset, WebDatasetArchive(dataset)), "__complete__")
    assert (closing["count"], closing["from_seed"]) == (5, "3")
    assert closing["pictures_sha256"] == hashlib.sha256(b"".join(digests)).hexdigest()


def test_webdataset_reads_picture_class_and_record_of_each_sample() -> None:
    """And takes neither the description nor the closing record for one."""
    dataset = painted_dataset(5, 6, card=card_named("pets", labels=PETS))
    samples = list(samples_in_tar(whole(dataset, WebDatasetArchive(dataset))))

    assert [sample["__key__"] for sample in samples] == [f"{n:06d}" for n in range(5, 11)]
    assert [set(sample) for sample in samples] == [{"__key__", "png", "cls", "json"}] * 6
    for seed, sample in enumerate(samples, 5):
        record = json.loads(sample["json"])
        (pixels,) = decoded(sample["png"], 3)
        assert PETS[int(sample["cls"])] == record["label"] == class_of(seed, PETS)
        assert (pixels == paint(dataset.recipe_of(seed))).all()
        assert record["pixel_sha256"] == pixel_sha256([pixels])


def test_a_model_without_classes_has_no_cls() -> None:
    """A class that does not exist has no number."""
    dataset = painted_dataset()
    (first, *_) = samples_in_tar(whole(dataset, WebDatasetArchive(dataset)))

    assert set(first) == {"__key__", "png", "json"}


def test_names_of_the_description_have_no_dot() -> None:
    """Readers that split names at the first dot, and know no underscores, skip them, too."""
    dataset = painted_dataset()
    with tarfile.open(fileobj=io.BytesIO(whole(dataset, WebDatasetArchive(dataset)))) as archive:
        names = archive.getnames()

    assert [name for name in names if "." not in name] == ["__dataset__", "__complete__"]


@pytest.mark.parametrize("name", ARCHIVE_FORMATS)
def test_the_same_data_set_is_the_same_bytes(name: str) -> None:
    """Every time."""
    dataset = painted_dataset(97, 6)
    files = [whole(dataset, ARCHIVE_FORMATS[name].open(dataset)) for _ in range(2)]

    assert files[0] == files[1]


def test_the_records_of_parts_are_those_of_the_whole() -> None:
    """Wherever it was cut, in both kinds."""
    parts = [painted_dataset(95, 3), painted_dataset(98, 1), painted_dataset(99, 6)]
    zipped = [records_in_zip(whole(part, ZipArchive(part))) for part in parts]
    tarred = [records_in_tar(whole(part, WebDatasetArchive(part))) for part in parts]

    assert [*chain(*zipped)] == [*chain(*tarred)] == expected_records(95, 10)


def test_pieces_of_the_manifest_end_at_the_same_seeds_in_every_part() -> None:
    """At each hundred, and at the end."""
    seeds = range(150, 320)

    assert [seed for seed in seeds if piece_ends(seed, seeds)] == [199, 299, 319]
    names = [manifest_name(seed, seeds) for seed in (199, 299, 319)]
    assert names == [f"manifest/{first:06d}.jsonl" for first in (150, 200, 300)]
