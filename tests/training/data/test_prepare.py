"""From pictures to arrays: the whole journey, and its ways to fail."""

import gzip
import hashlib
import io
import json
import resource
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training.data.manifest import DataError, Manifest
from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress, prepare
from training.data.stream import open_prepared
from training.run_folder.data_origin import keep_origin, read_origin

ROOT = Path(__file__).parents[3]
ALONE = PrepareOptions(workers=1)


def quiet(_: PrepareProgress) -> None:
    """Report nothing."""


def draw(path: Path, size: tuple[int, int] = (16, 16), seed: int = 0) -> None:
    """Put a picture of noise there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Six good pictures in two classes, and four that cannot be used."""
    folder = tmp_path / "pets"
    for number in range(6):
        draw(folder / ("cat", "dog")[number % 2] / f"{number}.png", seed=number)
    draw(folder / "cat/narrow.png", (16, 40))
    draw(folder / "cat/small.png", (12, 12))
    (folder / "dog/text.jpg").write_text("no picture at all")
    whole = (folder / "cat/0.png").read_bytes()
    (folder / "dog/cut.png").write_bytes(whole[: len(whole) // 2])
    return folder


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


# ----------------------------------------------------------------------------------------
# In processes of their own: limits, kills and memory.

SCRIPT = """
import sys
from pathlib import Path
from typing import Any
from training.data.options import PrepareOptions
from training.data.prepare import prepare
def report(now):
    print(now.done, flush=True)
if __name__ == "__main__":
    prepare(sys.argv[1], Path(sys.argv[2]), PrepareOptions(workers=int(sys.argv[3])), report)
"""


def start(source: str, out: Path, workers: int, file_limit: int = -1) -> subprocess.Popen[str]:
    """Prepare in a process whose files may grow to `file_limit` bytes (-1: any size)."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, source, str(out), str(workers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit if file_limit >= 0 else None,  # noqa: PLW1509  # no threads here
    )


def test_a_full_disk_leaves_nothing_and_says_so(pets: Path, tmp_path: Path) -> None:
    """A file that cannot grow stands for a disk that is full."""
    process = start(str(pets), tmp_path / "out", 1, file_limit=2000)
    _, errors = process.communicate(timeout=300)

    assert process.returncode == 1
    assert "DataError: the disk is full, nothing was kept of" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pets"]


@pytest.mark.slow
def test_a_killed_process_leaves_no_result_and_the_next_one_clears_up(tmp_path: Path) -> None:
    """What it left is not taken for a result."""
    out = tmp_path / "out"
    location = "dicebear:personas?count=100000&size=16"
    process = start(location, out, 1)
    assert process.stdout is not None
    while process.stdout.readline().strip() in ("", "0"):
        assert process.poll() is None, process.stderr and process.stderr.read()
    process.kill()
    process.communicate(timeout=300)

    assert not out.exists()
    assert len(list(tmp_path.glob("out.partial-*"))) == 1
    manifest = prepare("dicebear:personas?count=2&size=16", out, ALONE, quiet)
    assert isinstance(manifest, Manifest)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def write_zip(path: Path, count: int) -> None:
    """A zip of `count` pictures of 64 pixels."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file, "BMP")
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.bmp", file.getvalue())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    """All processes together stay far below 500 MB while 64 MB of pixels go through them."""
    write_zip(tmp_path / "many.zip", 4000)
    process = start(str(tmp_path / "many.zip"), tmp_path / "out", 2)
    assert process.stdout is not None
    peak = 0
    for _ in process.stdout:  # a line for every chunk
        peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
    process.communicate(timeout=300)

    assert process.returncode == 0
    assert 50e6 < peak < 400e6


def family(parent: int) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        children = []
    return [parent, *map(int, children)]


def resident(process: int) -> int:
    """The memory a process holds, in bytes, pages shared with others counted in full."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()


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


def draw_scan(path: Path, numbers: np.ndarray) -> None:
    """Put a gray picture of 16 bits there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(numbers).save(path)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Four scans of 12 bits as TIFF and PNG, and a drawing in colour."""
    folder = tmp_path / "scans"
    for number in range(4):
        numbers = np.random.default_rng(number).integers(0, 4096, (16, 16), np.uint16)
        numbers[0, :2] = 0, 4095
        draw_scan(folder / f"{number}.{('tiff', 'png')[number % 2]}", numbers)
    draw(folder / "colour.png")
    return folder


def test_sixteen_bits_hold_the_numbers_of_the_files(scans: Path, tmp_path: Path) -> None:
    """Scaled by the range, which the manifest keeps, at the largest resolution."""
    options = PrepareOptions(workers=1, bit_depth=16, value_range=(0, 4095))
    notes: list[str] = []
    manifest = prepare(str(scans), tmp_path / "out", options, lambda now: notes.append(now.note))
    prepared = open_prepared(tmp_path / "out")
    prepared.verify()

    assert (manifest.bit_depth, manifest.value_range, manifest.channels) == (16, (0, 4095), 1)
    assert prepared.manifest == manifest
    assert (manifest.count, manifest.skipped) == (4, 1)
    assert "has colours" in manifest.skipped_first[0].reason
    assert "16x16, gray of 16 bits, values 0:4095" in notes[0]
    for number, pixels in enumerate(prepared.images(16)):
        with Image.open(next(scans.glob(f"{number}.*"))) as image:
            stored = np.asarray(image)
        np.testing.assert_array_equal((pixels[..., 0] / 65535 * 4095).round(), stored)


def test_without_a_range_the_numbers_stay_and_waste_is_noticed(scans: Path, tmp_path: Path) -> None:
    """Twelve bits of sixteen; the warning names the range that would use all."""
    notes: list[str] = []
    options = PrepareOptions(workers=1, bit_depth=16)
    manifest = prepare(str(scans), tmp_path / "out", options, lambda now: notes.append(now.note))

    assert manifest.value_range == (0.0, 65535.0)
    assert open_prepared(tmp_path / "out").images(16).max() == 4095
    assert "--range=0:4095 --replace" in notes[-1]


def test_the_depth_is_part_of_the_request(scans: Path, tmp_path: Path) -> None:
    """A folder of 8 bits is not taken for one of 16; that of 16 is found again."""
    deep = PrepareOptions(workers=1, bit_depth=16, resolution=16)
    prepare(str(scans), tmp_path / "out", deep, quiet)

    assert prepare(str(scans), tmp_path / "out", deep, quiet).bit_depth == 16
    with pytest.raises(DataError, match="'bit_depth': 16"):
        prepare(str(scans), tmp_path / "out", PrepareOptions(workers=1, resolution=16), quiet)


def test_sources_of_eight_bits_say_so(tmp_path: Path) -> None:
    """Drawings and IDX files have no more."""
    deep, idx = PrepareOptions(bit_depth=16, workers=1), tmp_path / "train-images-idx3-ubyte"
    idx.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 8, 8) + bytes(128))
    for source in (str(idx), "dicebear:personas?count=2&size=16"):
        with pytest.raises(DataError, match="has pictures of 8 bits: leave --depth out"):
            prepare(source, tmp_path / "out", deep, quiet)
    assert not (tmp_path / "out").exists()
