"""From pictures to arrays: the whole journey, and its ways to fail."""

import gzip
import hashlib
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.data.pet_pictures import ALONE, draw, quiet
from training.data.manifest import DataError
from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress, prepare
from training.data.stream import open_prepared
from training.run_folder.data_origin import keep_origin, read_origin


def test_a_folder_becomes_arrays_that_hold_its_pictures(pets: Path, tmp_path: Path) -> None:
    """Good pictures in sorted order at every resolution, with their classes."""
    manifest = prepare(str(pets), tmp_path / "out", ALONE, quiet)
    prepared = open_prepared(tmp_path / "out")
    prepared.verify()
    names = ["cat/0.png", "cat/2.png", "cat/4.png", "dog/1.png", "dog/3.png", "dog/5.png"]
    expected = np.stack([np.asarray(Image.open(pets / name)) for name in names])

    assert prepared.manifest == manifest
    np.testing.assert_array_equal(prepared.images(16), expected)
    assert prepared.manifest.resolutions == (4, 8, 16)
    labels = prepared.labels()
    assert labels is not None
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert manifest.label_names == ("cat", "dog")


def test_file_names_that_are_no_text_can_be_trained_on(tmp_path: Path) -> None:
    """Their stray bytes are escaped once the pictures are prepared: cards and pages are text."""
    folder = tmp_path / "pets\udce9"
    for number in range(4):
        draw(folder / ("caf\udce9", "caf\udce8")[number % 2] / f"{number}.png", seed=number)
    prepare(str(folder), tmp_path / "out", ALONE, quiet)
    again = prepare(str(folder), tmp_path / "out", ALONE, quiet)
    keep_origin(tmp_path, open_prepared(tmp_path / "out"))

    origin = read_origin(tmp_path)
    assert origin.name == r"pets\udce9"
    assert origin.labels == (r"caf\udce8", r"caf\udce9")
    assert again.label_names == origin.labels
    keep_origin(tmp_path, open_prepared(tmp_path / "out"))


def test_pictures_that_cannot_be_used_are_named_counted_and_skipped(
    pets: Path, tmp_path: Path
) -> None:
    """Manifest and `skipped.jsonl` give name and reason of each."""
    manifest = prepare(str(pets), tmp_path / "out", ALONE, quiet)
    lines = (tmp_path / "out/skipped.jsonl").read_text().splitlines()
    reasons = {line["name"]: line["reason"] for line in map(json.loads, lines)}

    assert manifest.skipped == 4
    assert [skipped.name for skipped in manifest.skipped_first] == list(reasons)
    assert reasons["cat/narrow.png"].startswith("is not square (16x40)")
    assert reasons["cat/small.png"] == "is too small (12x12, 16 are needed)"
    assert reasons["dog/text.jpg"] == "is no picture of a known kind"
    assert "truncated" in reasons["dog/cut.png"]


def test_strict_refuses_at_the_first_picture_that_cannot_be_used(
    pets: Path, tmp_path: Path
) -> None:
    """Nothing is written then."""
    with pytest.raises(DataError, match="cat/narrow.png is not square"):
        prepare(str(pets), tmp_path / "out", PrepareOptions(strict=True, workers=1), quiet)

    assert [path.name for path in tmp_path.iterdir()] == ["pets"]


def test_a_set_without_flaws_or_classes_has_no_file_of_them(tmp_path: Path) -> None:
    """Only what there is to say is written."""
    draw(tmp_path / "flat/a.png")
    manifest = prepare(str(tmp_path / "flat"), tmp_path / "out", ALONE, quiet)

    assert manifest.labels is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "images-0004.npy",
        "images-0008.npy",
        "images-0016.npy",
        "manifest.json",
        "source.json",
    ]


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_number_of_processes(pets: Path, tmp_path: Path) -> None:
    """One process or three: the same files, the manifest included."""
    for workers in (1, 3):
        prepare(str(pets), tmp_path / str(workers), PrepareOptions(workers=workers), quiet)
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (tmp_path / "1", tmp_path / "3")
    ]

    assert digests[0] == digests[1]
    assert len(digests[0]) == 7


def test_a_zip_gives_the_arrays_of_its_folder(pets: Path, tmp_path: Path) -> None:
    """Only where they came from differs."""
    archive = shutil.make_archive(str(tmp_path / "pets"), "zip", pets)
    from_folder = prepare(str(pets), tmp_path / "a", ALONE, quiet)
    from_zip = prepare(archive, tmp_path / "b", ALONE, quiet)

    assert from_zip.files == from_folder.files
    assert from_zip.skipped_first == from_folder.skipped_first
    assert from_zip.source.kind == "zip"


def test_an_idx_file_becomes_gray_arrays_of_32_pixels(tmp_path: Path) -> None:
    """With the labels beside it."""
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    head = struct.pack(">BBBBIII", 0, 0, 8, 3, 5, 28, 28)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(head + pictures.tobytes()))
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 5) + bytes([3, 1, 4, 1, 5])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    options = PrepareOptions(workers=1, licence="MIT", attribution="Zalando")
    manifest = prepare(str(path), tmp_path / "out", options, quiet)
    prepared = open_prepared(tmp_path / "out")

    assert (manifest.resolution, manifest.channels) == (32, 1)
    assert (manifest.source.licence, manifest.source.attribution) == ("MIT", "Zalando")
    np.testing.assert_array_equal(prepared.images(32)[:, 2:30, 2:30, 0], pictures)
    found = prepared.labels()
    assert found is not None
    assert [manifest.label_names[number] for number in found] == ["3", "1", "4", "1", "5"]


def test_drawings_can_be_prepared(tmp_path: Path) -> None:
    """DiceBear needs no file at all, and brings its licence."""
    manifest = prepare("dicebear:personas?count=8&size=16", tmp_path / "out", ALONE, quiet)

    assert (manifest.count, manifest.resolution, manifest.channels) == (8, 16, 3)
    assert manifest.source.licence == "CC BY 4.0"


def test_channels_and_resolution_can_be_chosen(pets: Path, tmp_path: Path) -> None:
    """A lower resolution takes in smaller pictures too."""
    options = PrepareOptions(resolution=8, channels=4, fit="crop", workers=1)
    manifest = prepare(str(pets), tmp_path / "out", options, quiet)

    assert (manifest.count, manifest.skipped) == (8, 2)
    assert manifest.images[-1].shape == (8, 8, 8, 4)


def test_the_same_request_again_does_nothing(pets: Path, tmp_path: Path) -> None:
    """Whatever the number of processes; the report says so."""
    first = prepare(str(pets), tmp_path / "out", ALONE, quiet)
    stamp = (tmp_path / "out/manifest.json").stat().st_mtime_ns
    reports: list[PrepareProgress] = []
    again = prepare(str(pets), tmp_path / "out", PrepareOptions(workers=2), reports.append)

    assert again == first
    assert (tmp_path / "out/manifest.json").stat().st_mtime_ns == stamp
    assert "already there" in reports[0].note


def test_another_request_does_not_replace_what_is_there(pets: Path, tmp_path: Path) -> None:
    """Neither another prepared folder nor anything else is overwritten."""
    prepare(str(pets), tmp_path / "out", ALONE, quiet)
    with pytest.raises(DataError, match="not what is asked for now"):
        prepare(str(pets), tmp_path / "out", PrepareOptions(resolution=8), quiet)
    with pytest.raises(DataError, match="is no prepared folder"):
        prepare("dicebear:personas?count=1", pets, ALONE, quiet)


def test_an_empty_result_is_an_error_that_gives_reasons(tmp_path: Path) -> None:
    """A folder of nothing but unusable pictures makes nothing."""
    draw(tmp_path / "in/a.png", (9, 30))
    with pytest.raises(DataError, match=r"none of 1 pictures can be used: a.png is not square"):
        prepare(str(tmp_path / "in"), tmp_path / "out", ALONE, quiet)

    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_too_small_is_noticed_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how much is needed and how much there is."""
    usage = shutil.disk_usage(tmp_path)._replace(free=10**9)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"take 26\.2 GB .* has 1\.0 GB free"):
        prepare("dicebear:personas?count=100000", tmp_path / "out", ALONE, quiet)


def test_progress_counts_up_to_all_pictures(pets: Path, tmp_path: Path) -> None:
    """The first report says what will be made, the last that all is done."""
    reports: list[PrepareProgress] = []
    prepare(str(pets), tmp_path / "out", ALONE, reports.append)

    assert "10 pictures -> 16x16, RGB" in reports[0].note
    assert (reports[-1].done, reports[-1].skipped, reports[-1].total) == (10, 4, 10)


@pytest.mark.parametrize(
    "wrong", [{"resolution": 24}, {"resolution": 4}, {"channels": 2}, {"fit": "x"}, {"workers": 0}]
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """Before anything is opened."""
    with pytest.raises(DataError, match=next(iter(wrong))):
        PrepareOptions(**wrong)


def test_numbered_classes_get_the_names_a_person_gives(tmp_path: Path) -> None:
    """They are part of the request: other names are another one, no names as before."""
    path = tmp_path / "images-idx3"
    path.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 8, 8) + bytes(128))
    (tmp_path / "labels-idx1").write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, 2) + bytes([1, 0]))
    named = PrepareOptions(workers=1, label_names=("cat", "dog"))

    manifest = prepare(str(path), tmp_path / "out", named, quiet)

    assert manifest.label_names == ("cat", "dog")
    assert prepare(str(path), tmp_path / "out", named, quiet) == manifest
    assert "label_names" not in PrepareOptions().to_dict()
    with pytest.raises(DataError, match="is not what is asked for now"):
        prepare(str(path), tmp_path / "out", PrepareOptions(workers=1), quiet)
    options = PrepareOptions(workers=1, label_names=("cat",))
    with pytest.raises(DataError, match="for 2 classes"):
        prepare(str(path), tmp_path / "other", options, quiet)
    assert not (tmp_path / "other").exists()


def test_a_shape_is_part_of_what_was_asked_for(tmp_path: Path) -> None:
    """The same request finds its folder again, another shape is another request."""
    draw(tmp_path / "photos/a.png", (30, 20))
    wide = PrepareOptions(workers=1, fit="crop", shape=(4, 6))

    manifest = prepare(str(tmp_path / "photos"), tmp_path / "out", wide, quiet)

    assert (manifest.base, manifest.resolution) == ((4, 6), 16)
    assert open_prepared(tmp_path / "out").images(16).shape == (1, 16, 24, 3)
    assert prepare(str(tmp_path / "photos"), tmp_path / "out", wide, quiet) == manifest
    with pytest.raises(DataError, match="not what is asked for now"):
        prepare(str(tmp_path / "photos"), tmp_path / "out", ALONE, quiet)
    assert "shape" not in ALONE.to_dict()


@pytest.mark.parametrize("shape", [(6, 6), (4, 17), (1, 4)])
def test_a_shape_that_no_network_begins_with_is_refused(shape: tuple[int, int]) -> None:
    """Before any work."""
    with pytest.raises(DataError, match="--shape: the base, height x width, needs one side of 4"):
        PrepareOptions(shape=shape)
