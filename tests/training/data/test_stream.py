"""Reading a prepared folder, and the order of the stream."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.layout import file_sha256
from tests.training.prepared import write_prepared
from training.data.manifest import ArrayFile, DataError, Manifest, Source, images_file
from training.data.stream import ImageStream, Prepared, open_prepared

COUNT = 10


def record(path: Path, array: np.ndarray) -> ArrayFile:
    """Save an array and say what the manifest says of it."""
    np.save(path, array)
    return ArrayFile(path.name, array.shape, path.stat().st_size, file_sha256(path))


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Ten pictures at 4 and 8 pixels; every value of picture i but the first column's is i."""
    records: list[ArrayFile] = []
    for size in (4, 8):
        images = np.empty((COUNT, size, size, 3), np.uint8)
        images[:] = np.arange(COUNT)[:, None, None, None]
        images[:, :, 0] = 255
        records.append(record(tmp_path / images_file(size), images))
    labels = record(tmp_path / "labels.npy", np.arange(COUNT) % 2)
    source = Source("folder", "x", "x")
    manifest = Manifest(
        source, COUNT, 3, 8, tuple(records), labels, ("cat", "dog"), 0, (), {"fit": "square"}
    )
    (tmp_path / "manifest.json").write_text(manifest.to_json())
    return open_prepared(tmp_path)


def numbers(batch: np.ndarray) -> list[int]:
    """Which pictures are in a batch."""
    return batch[:, 0, 2, 0].tolist()


def test_images_are_mapped_at_every_resolution_and_read_only(prepared: Prepared) -> None:
    """Opening reads no picture, and nobody can write through it."""
    images = prepared.images(8)

    assert isinstance(images, np.memmap)
    assert images.shape == (COUNT, 8, 8, 3)
    assert not images.flags.writeable
    assert prepared.images(4).shape == (COUNT, 4, 4, 3)


def test_labels_are_one_number_for_each_picture(prepared: Prepared) -> None:
    """Labels come back as they were written."""
    labels = prepared.labels()

    assert labels is not None
    assert labels.tolist() == [0, 1] * 5


def test_a_resolution_that_is_not_there_is_refused_with_those_that_are(prepared: Prepared) -> None:
    """The message lists what may be asked for."""
    with pytest.raises(DataError, match="4, 8 pixels, not 16"):
        prepared.images(16)


def test_every_epoch_shows_every_picture_once(prepared: Prepared) -> None:
    """No picture is left out or repeated within an epoch, and epochs differ."""
    stream = ImageStream(prepared, seed=1)
    first = numbers(stream.batch(8, 0, COUNT))
    second = numbers(stream.batch(8, COUNT, COUNT))

    assert sorted(first) == sorted(second) == list(range(COUNT))
    assert first != second


def test_a_batch_depends_on_its_position_alone(prepared: Prepared) -> None:
    """Any cut of the stream into batches, in any order of asking, gives the same pictures."""
    whole = ImageStream(prepared, seed=5, mirror=True).batch(8, 0, 47)
    stream = ImageStream(prepared, seed=5, mirror=True)
    starts = [40, 0, 7, 33, 14]

    for start in starts:
        np.testing.assert_array_equal(stream.batch(8, start, 7), whole[start : start + 7])


def test_the_shares_of_a_batch_are_the_batch(prepared: Prepared) -> None:
    """Pictures, mirrored or not, and classes: each at the place it has in the whole."""
    stream = ImageStream(prepared, seed=1, mirror=True)
    batch, labels = stream.batch(8, 6, 8), stream.labels(6, 8)
    assert labels is not None

    for share in (slice(0, None, 2), slice(1, None, 2)):
        part = stream.labels(6, 8, share)
        assert part is not None
        assert (stream.batch(8, 6, 8, share) == batch[share]).all()
        assert (part == labels[share]).all()


def test_every_resolution_shows_the_same_pictures_in_the_same_order(prepared: Prepared) -> None:
    """A change of level in the middle of an epoch goes on with the next picture."""
    stream = ImageStream(prepared, seed=2, mirror=True)

    assert numbers(stream.batch(4, 3, 12)) == numbers(stream.batch(8, 3, 12))


def test_the_order_is_frozen(prepared: Prepared) -> None:
    """Another order would end the resuming of every run there is."""
    batch = ImageStream(prepared, seed=9).batch(4, 0, 20)

    assert numbers(batch) == [9, 0, 2, 6, 4, 5, 1, 3, 8, 7, 6, 0, 2, 4, 7, 3, 8, 9, 5, 1]


def test_the_stream_follows_the_rule_of_its_docstring(prepared: Prepared) -> None:
    """Sorting the upper bits of Philox words gives the order; the lowest bit mirrors."""
    words = np.random.Philox(key=np.array([3, 1], np.uint64)).random_raw(COUNT)
    order = sorted(range(COUNT), key=lambda i: int(words[i]) >> 1)
    batch = ImageStream(prepared, seed=3, mirror=True).batch(8, COUNT, COUNT)

    assert numbers(batch) == order
    assert (batch[:, 0, 7, 0] == 255).tolist() == [bool(words[i] & 1) for i in order]


def test_a_mirrored_picture_is_flipped_left_to_right_and_nothing_else(prepared: Prepared) -> None:
    """Some pictures of an epoch are flipped, some are not; without mirror none is."""
    plain = ImageStream(prepared, seed=3).batch(8, 0, COUNT)
    batch = ImageStream(prepared, seed=3, mirror=True).batch(8, 0, COUNT)
    flipped = batch[:, 0, 7, 0] == 255

    assert 0 < flipped.sum() < COUNT
    np.testing.assert_array_equal(batch[flipped], plain[flipped][:, :, ::-1])
    np.testing.assert_array_equal(batch[~flipped], plain[~flipped])


def test_gather_keeps_the_order_asked_for_and_repeats(prepared: Prepared) -> None:
    """Pictures come in the order of the numbers, twice where a number stands twice."""
    gathered = ImageStream(prepared, seed=0).gather(4, np.array([7, 2, 7, 0]))

    assert numbers(gathered) == [7, 2, 7, 0]
    assert gathered.flags.writeable


def test_large_arrays_are_read_from_the_disk_alike(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether an array is held in memory changes nothing."""
    resident = ImageStream(prepared, seed=4).batch(8, 5, 20)
    monkeypatch.setattr("training.data.stream.MAX_RESIDENT", 0)

    np.testing.assert_array_equal(ImageStream(prepared, seed=4).batch(8, 5, 20), resident)


@pytest.mark.parametrize(("start", "size"), [(-1, 4), (0, 0)])
def test_a_batch_before_the_beginning_or_of_nothing_is_refused(
    prepared: Prepared, start: int, size: int
) -> None:
    """A batch begins at 0 at the earliest and has a picture."""
    with pytest.raises(ValueError, match="starts at 0 or later"):
        ImageStream(prepared, seed=0).batch(8, start, size)


def test_a_folder_without_a_manifest_is_refused_with_the_command_that_makes_one(
    tmp_path: Path,
) -> None:
    """The message says how to prepare."""
    with pytest.raises(DataError, match="python -m training prepare"):
        open_prepared(tmp_path)


def test_a_file_cut_short_is_noticed_on_opening(prepared: Prepared) -> None:
    """The lengths of files are compared with the manifest."""
    path = prepared.folder / images_file(8)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DataError, match="images-0008.npy"):
        open_prepared(prepared.folder)


def test_a_file_that_is_no_array_is_noticed_on_opening(prepared: Prepared) -> None:
    """An archive of arrays, a head that is no Python, one that promises less than nothing."""
    path = prepared.folder / "images-0004.npy"
    array = path.read_bytes()
    with path.open("wb") as file:
        np.savez(file, np.zeros(3))
    count = f"({prepared.count}, ".encode()
    broken = [path.read_bytes(), array.replace(b"}", b"("), array.replace(count, b"(-" + count[1:])]

    for content in broken:
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"images-0004.npy .*: prepare the pictures again"):
            open_prepared(prepared.folder)


def test_a_missing_file_is_noticed_on_opening(prepared: Prepared) -> None:
    """All files of the manifest must be there."""
    (prepared.folder / images_file(4)).unlink()

    with pytest.raises(DataError, match="images-0004.npy cannot be read"):
        open_prepared(prepared.folder)


def test_a_changed_byte_is_found_by_verify(prepared: Prepared) -> None:
    """`verify` reads everything, so that opening need not."""
    prepared.verify()
    path = prepared.folder / images_file(8)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(DataError, match="images-0008.npy is damaged"):
        open_prepared(prepared.folder).verify()


def test_labels_stay_with_their_pictures(make_prepared: Callable[..., Prepared]) -> None:
    """In shuffled batches, across epochs."""
    prepared = make_prepared(classes=3)
    labels, images = prepared.labels(), prepared.images(8)
    assert labels is not None
    label_by_picture = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    stream = ImageStream(prepared, seed=4)

    pictures, classes = stream.batch(8, 7, 30), stream.labels(7, 30)

    assert classes is not None
    assert [label_by_picture[picture.tobytes()] for picture in pictures] == classes.tolist()


def test_pictures_without_classes_have_no_labels(make_prepared: Callable[..., Prepared]) -> None:
    """Not even zeros."""
    assert ImageStream(make_prepared(), seed=4).labels(0, 8) is None


def test_pictures_of_sixteen_bits_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Mapped, gathered and mirrored; the manifest knows their depth."""
    prepared = open_prepared(write_prepared(tmp_path / "deep", value_range=(0.0, 4095.0)))
    stored, stream = prepared.images(8), ImageStream(prepared, 0, mirror=True)

    assert (prepared.bit_depth, prepared.channels, stored.dtype) == (16, 1, np.uint16)
    batch = stream.batch(8, 0, 12)
    assert batch.dtype == np.uint16
    both_ways = {picture.tobytes() for each in stored for picture in (each, each[:, ::-1])}
    assert {picture.tobytes() for picture in batch} <= both_ways
    assert len({picture.tobytes() for picture in batch}) == 12


def test_arrays_of_another_depth_than_the_manifest_are_refused(tmp_path: Path) -> None:
    """Before their bytes are read as numbers that they are not."""
    folder = write_prepared(tmp_path / "deep", value_range=(0.0, 4095.0))
    file = folder / images_file(8)
    np.save(file, np.load(file).astype(np.int16))

    with pytest.raises(DataError, match="prepare the pictures again"):
        open_prepared(folder)


def test_the_stream_of_a_domain_shows_its_pictures_alone(prepared: Prepared) -> None:
    """Each once in an epoch, in an order of its own."""
    streams = [ImageStream(prepared, 3, domain=domain) for domain in (0, 1)]
    shown = [numbers(stream.batch(8, 0, 15)) for stream in streams]

    assert [sorted(each[:5]) for each in shown] == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    assert sorted(shown[0][5:10]) == [0, 2, 4, 6, 8]
    assert [n // 2 for n in shown[0]] != [n // 2 for n in shown[1]]
    assert streams[0].count == 5
    assert numbers(streams[1].batch(8, 7, 6)) == shown[1][7:13]


def test_the_order_of_a_domain_is_that_of_the_rule(prepared: Prepared) -> None:
    """Written out: the words of Philox with the key (seed, epoch + 2^48 domain)."""
    key = np.array([3, 1 + 2**48], np.uint64)
    order = np.argsort(np.random.Philox(key=key).random_raw(5) >> np.uint64(1), kind="stable")
    stream = ImageStream(prepared, 3, domain=1)

    assert numbers(stream.batch(8, 5, 5)) == [2 * int(n) + 1 for n in order]
    assert stream.labels(5, 5).tolist() == [1] * 5  # type: ignore[union-attr]


def test_a_domain_without_pictures_is_refused(prepared: Prepared) -> None:
    """It has nothing to show."""
    with pytest.raises(DataError, match="no pictures of a domain 2"):
        ImageStream(prepared, 0, domain=2)
