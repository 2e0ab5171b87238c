"""PNG files written by hand, read by Pillow."""

from __future__ import annotations

import io
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Iterator

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, PngImagePlugin

from models.picture import Pixels
from service.media import png
from service.media.png import FILTERS, SIGNATURE, write_apng, write_png
from tests.service.pictures import (
    FACTS,
    MODES,
    any_picture,
    decoded,
    durations,
    opened,
    painted,
    walk,
)


def chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk, its CRC checked by another library."""
    place = len(SIGNATURE)
    while place < len(file):
        length, kind = struct.unpack_from(">I4s", file, place)
        data = file[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", file, place + 8 + length)[0] == zlib.crc32(kind + data)
        yield kind, data
        place += 12 + length


@given(any_picture())
def test_any_picture_comes_back_as_it_was(picture: Pixels) -> None:
    """Lossless for gray, RGB and RGBA, for any content and any shape."""
    file = write_png(picture, FACTS)

    assert opened(file).mode == MODES[picture.shape[2]]
    assert (decoded(file, picture.shape[2])[0] == picture).all()


@given(arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(1))))
def test_any_gray_picture_of_sixteen_bits_comes_back_as_it_was(picture: Pixels) -> None:
    """Read by Pillow, and by FFmpeg, which knows its pixels as big-endian."""
    file = write_png(picture, FACTS)

    assert opened(file).mode == "I;16"
    assert (np.asarray(opened(file)) == picture[..., 0]).all()
    with av.open(io.BytesIO(file), "r") as container:
        frame = next(container.decode(video=0))
    assert frame.format.name == "gray16be"
    assert (frame.to_ndarray() == picture[..., 0]).all()


@pytest.mark.parametrize("kind", FILTERS)
def test_every_filter_works_on_the_bytes_of_sixteen_bits(
    kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pixel has two of them, also where the filter is chosen by a sample."""
    monkeypatch.setattr(png, "FILTERS", {kind: FILTERS[kind]})
    for size in (16, 65):
        picture = np.random.default_rng(kind).integers(0, 65536, (size, size, 1), np.uint16)
        assert (np.asarray(opened(write_png(picture, FACTS))) == picture[..., 0]).all()


def test_an_animation_of_sixteen_bits_keeps_every_frame() -> None:
    """All of them in full; Pillow reads them one by one."""
    frames = [np.random.default_rng(n).integers(0, 65536, (9, 7, 1), np.uint16) for n in range(3)]
    image = opened(write_apng(frames, 10, True, FACTS))

    for number, frame in enumerate(frames):
        image.seek(number)
        assert (np.asarray(image) == frame[..., 0]).all()


@pytest.mark.parametrize("size", [65, 128, 200])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_large_picture_comes_back_as_it_was(size: int, channels: int) -> None:
    """Lossless also where the filter is chosen by a sample of the rows."""
    picture = painted(size, channels)

    assert (decoded(write_png(picture, FACTS), channels)[0] == picture).all()


@pytest.mark.parametrize("kind", FILTERS)
def test_the_filter_that_fits_the_picture_is_chosen(kind: int) -> None:
    """Two colours at random take none; rows Sub, columns Up, their sum the average."""
    random = np.random.Generator(np.random.PCG64(0))
    rows = random.integers(0, 256, (128, 1, 3), np.uint8).repeat(128, axis=1)
    two_colours = random.integers(0, 2, (128, 128, 3), np.uint8) * np.uint8(255)
    columns = rows.transpose(1, 0, 2) + np.arange(128, dtype=np.uint8)[:, None, None]
    picture = {0: two_colours, 1: rows, 2: columns, 3: painted(128)}[kind]

    data = b"".join(data for name, data in chunks(write_png(picture, {})) if name == b"IDAT")

    assert zlib.decompress(data)[0] == kind


def test_facts_are_text_that_other_readers_find() -> None:
    """Seed, model, resolution and software are text chunks; XMP tells the source type."""
    image = opened(write_png(painted(8), FACTS))
    assert isinstance(image, PngImagePlugin.PngImageFile)

    assert image.text["seed"] == FACTS["seed"]
    assert image.text["model"] == FACTS["model"]
    assert image.text["resolution"] == "32"
    assert image.text["Software"] == "Progan 1.0"
    assert b"trainedAlgorithmicMedia" in image.info["xmp"]


@given(st.text(max_size=40))
def test_any_text_as_a_fact_leaves_the_file_readable(text: str) -> None:
    """Text beyond Latin-1 is stored as UTF-8; what no file may hold becomes a question mark."""
    image = opened(write_png(painted(4), {"seed": text}))
    assert isinstance(image, PngImagePlugin.PngImageFile)

    assert len(image.text["seed"]) == len(text)


def test_a_large_sheet_takes_few_times_its_own_memory() -> None:
    """Two candidates, and what one filter needs; not one candidate for each filter."""
    sheet = painted(800)
    tracemalloc.start()
    try:
        write_png(sheet, {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5.5 * sheet.nbytes


def test_the_same_picture_gives_the_same_bytes() -> None:
    """Nothing but pixels and facts enters the file."""
    assert write_png(painted(64), FACTS) == write_png(painted(64), FACTS)


def test_it_is_little_larger_than_the_usual_encoder() -> None:
    """At most 20 % more bytes than Pillow's default on a picture with grain."""
    usual = io.BytesIO()
    Image.fromarray(painted(512)).save(usual, "PNG")

    assert len(write_png(painted(512), FACTS)) <= 1.2 * len(usual.getvalue())


@given(st.lists(any_picture(), min_size=1, max_size=3), st.integers(1, 240), st.booleans())
def test_an_animation_decodes_to_exactly_its_frames(
    pictures: list[Pixels], fps: int, loop: bool
) -> None:
    """Every frame is kept, also repeated ones, in order, with its pixels and its time."""
    frames = [pictures[0], *(p for p in pictures if p.shape == pictures[0].shape)]

    file = write_apng(iter(frames), fps, loop, FACTS)

    found = decoded(file, frames[0].shape[2])
    assert len(found) == len(frames)
    assert all((a == b).all() for a, b in zip(found, frames, strict=True))
    assert durations(file) == pytest.approx([1000 / fps] * len(frames))


def test_an_animation_numbers_its_chunks_without_a_gap() -> None:
    """Frame controls and frame data share one sequence from zero."""
    file = write_apng(walk(8), 10, True, FACTS)

    numbers = [
        struct.unpack_from(">I", data)[0]
        for kind, data in chunks(file)
        if kind in (b"fcTL", b"fdAT")
    ]
    assert numbers == list(range(9))


@pytest.mark.parametrize(("loop", "plays"), [(True, 0), (False, 1)])
def test_an_animation_says_how_often_it_plays(loop: bool, plays: int) -> None:
    """For ever is zero plays, else one."""
    assert opened(write_apng(walk(4), 10, loop, FACTS)).info["loop"] == plays


@pytest.mark.slow
def test_the_same_picture_is_the_same_file_on_every_thread() -> None:
    """ISA-L's call for a whole input gave other bytes on about one stack in fifty."""
    draw = np.random.default_rng(0)
    shape = (100, 16, 16, 1)
    images = draw.integers(0, 256, shape, np.uint8) * (draw.random(shape) < 0.4)
    together = threading.Barrier(250)  # all stacks at once, so that they have different addresses
    files = set[bytes]()

    def write() -> None:
        together.wait()
        files.add(write_apng(images, 1, loop=False, facts={}))

    threads = [threading.Thread(target=write) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files) == 1
